/* Runs in the browser while no page is open: shows what it is sent, and leads there. */
"use strict";

self.addEventListener("push", (event) => {
  const { title, body, link, tag } = event.data?.json() ?? {};
  if (!title) return;
  // The same notice sent again takes the first one's place.
  event.waitUntil(self.registration.showNotification(title, { body, tag, data: { link } }));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const link = new URL(event.notification.data?.link ?? "/", self.location.origin);
  if (link.origin === self.location.origin) event.waitUntil(self.clients.openWindow(link.href));
});
