/* One WebSocket to the live server: token first, then the number of the last event seen.
   Where it cannot be reached, pages are told to look for themselves every few seconds. */
"use strict";

(() => {
  const { liveUrl, livePort, liveToken, liveAfter } = document.body.dataset;
  const listeners = [];
  const POLL = 8000;
  const SILENCE = 60000; // the server pings more often than that
  let last = liveAfter || ""; // what happened after the page was made is told first
  let delay = 500;
  let poll = null;

  window.leadwireLive = (listener) => listeners.push(listener);
  const tell = (event) => listeners.forEach((listener) => listener(event));

  function show(state) {
    document.querySelectorAll(".live-state").forEach((mark) => {
      mark.dataset.state = state;
      mark.textContent = mark.dataset[state] ?? "";
    });
    if (state === "live") {
      clearInterval(poll);
      poll = null;
    } else if (!poll) {
      poll = setInterval(() => document.hidden || tell({ kind: "poll", data: {} }), POLL);
    }
  }

  function address() {
    if (liveUrl) return `${liveUrl.replace(/^http/, "ws").replace(/\/$/, "")}/ws/`;
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    return `${scheme}://${location.hostname}:${livePort}/ws/`;
  }

  async function token() {
    const answer = await fetch(liveToken, { headers: { Accept: "application/json" } });
    return (await answer.json()).token;
  }

  async function connect() {
    let first;
    try {
      first = await token();
    } catch {
      return again();
    }
    const socket = new WebSocket(address());
    let silence;
    const heard = () => {
      clearTimeout(silence);
      silence = setTimeout(() => socket.close(), SILENCE);
    };
    socket.onopen = () => {
      heard();
      socket.send(JSON.stringify({ token: first, after: last }));
    };
    socket.onmessage = (message) => {
      heard();
      const event = JSON.parse(message.data);
      delay = 500;
      show("live");
      if (event.id) last = event.id;
      // too much was missed: fetch anew, but leave alone what is being written
      if (event.kind === "reload") tell({ kind: "poll", data: {} });
      else if (event.kind !== "ready" && event.kind !== "ping") tell(event);
    };
    socket.onclose = () => {
      clearTimeout(silence);
      again();
    };
  }

  function again() {
    show("polling");
    setTimeout(connect, delay + Math.random() * 500);
    delay = Math.min(delay * 2, 30000);
  }

  // Parts of a page that are simply fetched anew, at most once a second.
  const parts = document.querySelectorAll("[data-renew]");
  let renewing = false;
  async function renew() {
    renewing = true;
    await new Promise((done) => setTimeout(done, 1000));
    renewing = false;
    if (document.hidden) return;
    const answer = await fetch(location.href);
    if (!answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    document.querySelectorAll("[data-renew]").forEach((part) => {
      const fresh = page.getElementById(part.id);
      if (fresh && !part.contains(document.activeElement)) part.replaceWith(document.adoptNode(fresh));
    });
  }
  if (parts.length) window.leadwireLive(() => renewing || renew().catch(() => {}));

  if (liveToken) connect();
})();
