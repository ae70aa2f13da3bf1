/* The bell follows what happens; a browser is asked for its leave by a click and no sooner. */
"use strict";

(() => {
  const bell = () => document.getElementById("bell");
  let looked = Date.now();

  async function look() {
    const now = bell();
    if (!now) return;
    looked = Date.now();
    const answer = await fetch(now.dataset.look, { headers: { "HX-Request": "true" } }).catch(() => null);
    if (!answer?.ok || answer.redirected) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("bell");
    if (fresh && bell() && !bell().isEqualNode(fresh)) bell().replaceWith(document.adoptNode(fresh));
  }
  document.addEventListener("DOMContentLoaded", () => {
    if (!window.leadwireLive) setInterval(lookAgain, 60000); // a page that hears of nothing
    window.leadwireLive?.((event) => {
      if (event.kind === "notice" && event.data.users?.includes(Number(bell()?.dataset.me))) look();
    });
  });
  const lookAgain = () => document.hidden || Date.now() - looked < 59000 || look();
  document.addEventListener("visibilitychange", lookAgain);

  const box = document.querySelector("[data-push]");
  if (!box) return;
  const button = box.querySelector("button");
  const say = (text) => (box.querySelector("[role=status]").textContent = text);
  say("");
  if (!("serviceWorker" in navigator) || !("PushManager" in window)) return say(box.dataset.unable);
  button.hidden = false;
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (each) => each.charCodeAt(0));

  async function atWork(registration) {
    const worker = registration.active ?? registration.waiting ?? registration.installing;
    if (worker.state === "activated") return;
    await new Promise((done) => worker.addEventListener("statechange", () => worker.state === "activated" && done()));
  }
  async function subscribe() {
    if ((await Notification.requestPermission()) !== "granted") return say(box.dataset.refused);
    const registration = await navigator.serviceWorker.register(box.dataset.worker);
    await atWork(registration);
    const key = { userVisibleOnly: true, applicationServerKey: bytes(box.dataset.push) };
    const { endpoint, keys } = (await registration.pushManager.subscribe(key)).toJSON();
    const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
    const body = new URLSearchParams({ endpoint, p256dh: keys.p256dh, auth: keys.auth });
    const answer = await fetch(box.dataset.url, { method: "POST", headers: { "X-CSRFToken": token }, body });
    if (answer.ok) location.reload();
    else say((await answer.json()).error);
  }
  button.addEventListener("click", async () => {
    button.setAttribute("aria-busy", "true");
    await subscribe().catch(() => say(box.dataset.failed));
    button.removeAttribute("aria-busy");
  });
})();
