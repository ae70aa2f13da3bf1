/* Leadwire web chat. One script, one name on the page (leadwire), one element in it.
   No cookie, no inline style, no HTML from strings: it runs under a Content-Security-Policy of
   script-src, connect-src (and img-src for pictures) with our address, Trusted Types included. */
(() => {
  "use strict";

  const settings = "%SETTINGS%";
  const me = document.currentScript;
  const waiting = window.leadwire?.q ?? [];
  if (window.leadwire?.isHere) return; // included twice

  // -- where we are, and in which language
  const source = new URL(me.src, location.href);
  const door = `${source.origin}${source.pathname.replace(/\.js$/, "")}`;
  const live = settings.live || `${source.protocol}//${source.hostname}:${settings.livePort}`;
  const spoken = (document.documentElement.lang || navigator.language || "en").slice(0, 2).toLowerCase();
  const words = settings.words[spoken] ?? settings.words.en;
  const isRtl = ["ar", "he", "fa", "ur"].includes(spoken);
  const inLanguage = (texts) => texts[spoken] ?? texts[""] ?? texts.en ?? Object.values(texts)[0] ?? "";
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)");
  const isPhone = matchMedia("(max-width: 480px)");
  const MAX = 8000;

  // -- what the browser keeps; a signed-in visitor's token is never among it
  const SLOT = `leadwire:${settings.key}`;
  let kept = {};
  const recall = () => {
    try {
      kept = JSON.parse(localStorage.getItem(SLOT)) || {};
    } catch {
      /* storage is switched off: then as long as the page is open */
    }
  };
  const keep = (news) => {
    Object.assign(kept, news);
    try {
      localStorage.setItem(SLOT, JSON.stringify(kept));
    } catch {
      /* as above */
    }
  };
  recall();

  let identity = ""; // the host server's word for who is signed in
  let token = "";
  let visit = null; // the answer of the last session, or null before the first
  let asking = null; // the session that is being asked for
  let isOpen = false;
  let unread = 0;
  const known = new Map(); // id -> {row, body, message}
  let newest = ""; // id of the last message of ours or theirs that the server told
  let earliest = "";

  // -- building
  const make = (name, attributes = {}, ...children) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
      else if (value === true) element.setAttribute(key, "");
      else if (value !== false && value != null) element.setAttribute(key, value);
    }
    element.append(...children);
    return element;
  };
  const icon = (path) => {
    const space = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(space, "svg");
    const line = document.createElementNS(space, "path");
    for (const [key, value] of Object.entries({ viewBox: "0 0 24 24", "aria-hidden": "true", class: "icon" })) svg.setAttribute(key, value);
    line.setAttribute("d", path);
    svg.append(line);
    return svg;
  };
  const ICONS = {
    chat: "M4 5h16v11H9l-5 4z",
    close: "M6 6l12 12M18 6L6 18",
    send: "M4 12l16-8-6 16-3-7z",
    clip: "M8 12l6-6a3.5 3.5 0 015 5l-8 8a5 5 0 01-7-7l8-8",
  };

  const CSS = `
    :host { all: initial; }
    :host([hidden]), [hidden] { display: none !important; }
    * { box-sizing: border-box; }
    .root {
      --paper: #fff; --sunken: #f3f2ed; --ink: #16211f; --ink-2: #4d5956; --line: #dedbd0; --edge: #8b8a7f; --bad: #a3281c;
      font: 400 15px/1.45 system-ui, "Segoe UI", "Noto Sans", "Noto Sans Arabic", sans-serif;
      color: var(--ink); color-scheme: light; text-align: start;
      position: fixed; inset-block-end: 20px; inset-inline-end: 20px; z-index: 2147483000;
    }
    @media (prefers-color-scheme: dark) {
      .root { --paper: #161f1d; --sunken: #222d2b; --ink: #e9edea; --ink-2: #aab6b2; --line: #2b3835; --edge: #6b7a76; --bad: #f59b8c; color-scheme: dark; }
    }
    button, textarea, input { font: inherit; color: inherit; }
    button { cursor: pointer; background: none; border: 0; padding: 0; }
    .icon { width: 24px; height: 24px; fill: none; stroke: currentColor; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; display: block; }
    :focus-visible { outline: 3px solid var(--ink); outline-offset: 2px; }
    .launcher {
      inline-size: 56px; block-size: 56px; border-radius: 50%; display: grid; place-items: center; margin-inline-start: auto; position: relative;
      background: var(--accent); color: var(--on-accent); box-shadow: 0 6px 24px rgb(0 0 0 / 0.28); border: 1px solid var(--paper);
    }
    .count { position: absolute; inset-block-start: -4px; inset-inline-end: -4px; min-inline-size: 22px; block-size: 22px; padding-inline: 6px; border-radius: 11px; background: #a3281c; color: #fff; font: 600 12px/22px system-ui, sans-serif; text-align: center; }
    .panel {
      inline-size: 384px; block-size: min(620px, calc(100vh - 120px)); margin-block-end: 14px; display: flex; flex-direction: column; overflow: hidden;
      background: var(--paper); border: 1px solid var(--line); border-radius: 16px; box-shadow: 0 16px 48px rgb(0 0 0 / 0.28);
    }
    .head { background: var(--accent); color: var(--on-accent); display: flex; align-items: center; gap: 10px; padding: 12px 16px; }
    .head h2 { font: 600 17px/1.3 inherit; font-family: inherit; margin: 0; flex: 1; overflow-wrap: anywhere; }
    .head button { inline-size: 36px; block-size: 36px; display: grid; place-items: center; border-radius: 8px; }
    .head :focus-visible { outline-color: var(--on-accent); }
    .notice { padding: 10px 16px; background: var(--sunken); color: var(--ink); border-block-end: 1px solid var(--line); white-space: pre-line; font-size: 14px; }
    .thread { flex: 1; overflow-y: auto; padding: 16px; display: flex; flex-direction: column; gap: 4px; overscroll-behavior: contain; }
    .thread > :first-child { margin-block-start: auto; }
    .row { max-inline-size: 84%; align-self: flex-start; display: flex; flex-direction: column; gap: 2px; margin-block-end: 6px; }
    .row.mine { align-self: flex-end; align-items: flex-end; }
    .who, .foot { font-size: 12px; color: var(--ink-2); padding-inline: 4px; }
    .bubble { background: var(--sunken); border-radius: 14px; border-end-start-radius: 4px; padding: 9px 13px; white-space: pre-wrap; overflow-wrap: anywhere; }
    .mine .bubble { background: var(--accent); color: var(--on-accent); border-radius: 14px; border-end-end-radius: 4px; }
    .bubble a { color: inherit; }
    .bubble img { display: block; max-inline-size: 100%; max-block-size: 240px; border-radius: 8px; margin-block: 4px; }
    .file { display: block; margin-block-start: 4px; }
    .gone .bubble { font-style: italic; color: var(--ink-2); background: none; border: 1px dashed var(--edge); }
    .foot button { text-decoration: underline; color: var(--bad); min-block-size: 24px; }
    .piece { animation: appear 260ms ease-out both; }
    @keyframes appear { from { opacity: 0; } }
    .dots { display: inline-flex; gap: 4px; padding-block: 4px; }
    .dots i { inline-size: 7px; block-size: 7px; border-radius: 50%; background: var(--ink-2); animation: breathe 1.2s infinite; }
    .dots i:nth-child(2) { animation-delay: 0.2s; } .dots i:nth-child(3) { animation-delay: 0.4s; }
    @keyframes breathe { 0%, 60%, 100% { opacity: 0.3; } 30% { opacity: 1; } }
    @media (prefers-reduced-motion: reduce) { .piece, .dots i { animation: none; } }
    .line { align-self: center; margin: 6px 0; font-size: 13px; color: var(--ink-2); text-align: center; }
    .earlier { align-self: center; padding: 6px 12px; border: 1px solid var(--edge); border-radius: 999px; font-size: 13px; }
    .ask { align-self: stretch; border: 1px solid var(--line); border-radius: 12px; padding: 12px; display: grid; gap: 8px; margin-block: 6px; }
    .ask div { display: flex; gap: 8px; }
    .ask input { flex: 1; min-inline-size: 0; padding: 8px 10px; border: 1px solid var(--edge); border-radius: 8px; background: var(--paper); }
    .ask button { padding: 8px 14px; border-radius: 8px; background: var(--accent); color: var(--on-accent); }
    .bad { color: var(--bad); font-size: 13px; margin: 0; }
    .composer { display: flex; align-items: flex-end; gap: 6px; padding: 10px 12px; border-block-start: 1px solid var(--line); }
    .composer textarea { flex: 1; min-inline-size: 0; resize: none; max-block-size: 140px; padding: 10px 12px; border: 1px solid var(--edge); border-radius: 12px; background: var(--paper); font-size: 16px; line-height: 1.4; }
    ::placeholder { color: var(--ink-2); opacity: 1; }
    .composer button { inline-size: 44px; block-size: 44px; border-radius: 12px; display: grid; place-items: center; flex: none; color: var(--ink-2); }
    .composer .go { background: var(--accent); color: var(--on-accent); }
    .composer button[disabled] { opacity: 0.55; cursor: default; }
    [dir="rtl"] .go .icon { transform: scaleX(-1); }
    .sr { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
    @media (max-width: 480px) {
      .root.open { inset: 0; }
      .root.open .launcher { display: none; }
      .panel { inline-size: 100%; block-size: 100%; block-size: 100dvh; margin: 0; border: 0; border-radius: 0; }
    }
    @media print { .root { display: none; } }
  `;

  /* White or black on the company's colour: one of the two always reaches AA. */
  function onColour(colour) {
    const [r, g, b] = [1, 3, 5].map((at) => {
      const part = parseInt(colour.slice(at, at + 2), 16) / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? "#000" : "#fff";
  }

  const count = make("span", { class: "count", hidden: true });
  const launcher = make("button", { class: "launcher", type: "button", "aria-expanded": "false", "aria-controls": "panel", "aria-label": words.open, onclick: () => toggle(!isOpen) }, icon(ICONS.chat), count);
  const notice = make("p", { class: "notice", role: "status", hidden: true });
  notice.style.margin = "0";
  const thread = make("div", { class: "thread", role: "group", "aria-label": words.messages, tabindex: "0" });
  const spokenAloud = make("div", { class: "sr", "aria-live": "polite" });
  const field = make("textarea", { rows: "1", dir: isRtl ? "rtl" : "ltr", "aria-label": words.write, placeholder: words.write, oninput: fit, onkeydown: onKey, enterkeyhint: "send" });
  const picker = make("input", { type: "file", hidden: true, tabindex: "-1", onchange: () => attach(picker.files[0]) });
  const clip = make("button", { type: "button", "aria-label": words.attach, hidden: !settings.files, onclick: () => picker.click() }, icon(ICONS.clip));
  const go = make("button", { class: "go", type: "submit", "aria-label": words.send }, icon(ICONS.send));
  const composer = make("form", { class: "composer", onsubmit: (event) => { event.preventDefault(); submit(); } }, clip, picker, field, go);
  const panel = make(
    "div",
    { class: "panel", id: "panel", role: "dialog", "aria-label": settings.team, hidden: true },
    make("div", { class: "head" }, make("h2", {}, settings.team), make("button", { type: "button", "aria-label": words.close, onclick: () => toggle(false) }, icon(ICONS.close))),
    notice, thread, composer,
  );
  const typing = make("div", { class: "row", hidden: true });
  const root = make("div", { class: "root", dir: isRtl ? "rtl" : "ltr", lang: settings.words[spoken] ? spoken : "en", onkeydown: onRootKey }, panel, launcher, spokenAloud);
  root.style.setProperty("--accent", settings.colour);
  root.style.setProperty("--on-accent", onColour(settings.colour));
  const host = make("leadwire-chat");
  const shadow = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(CSS);
  shadow.adoptedStyleSheets = [sheet];
  shadow.append(root);

  // -- asking our server
  class Refused extends Error {
    constructor(status, code, wait) {
      super(code);
      Object.assign(this, { status, code, wait });
    }
  }

  async function ask(what, body, query = "") {
    const headers = token ? { Authorization: `Bearer ${token}` } : {};
    const isForm = body instanceof FormData;
    if (body && !isForm) headers["Content-Type"] = "application/json";
    const answer = await fetch(`${door}/${what}${query}`, {
      method: body ? "POST" : "GET",
      headers,
      body: isForm ? body : body && JSON.stringify(body),
      credentials: "omit",
      referrerPolicy: "no-referrer",
    });
    const said = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Refused(answer.status, said.errors?.[0]?.code ?? "", Number(answer.headers.get("Retry-After")) || 0);
    return said;
  }

  /* Who we are: asked once at a time, and again for every ticket. */
  function session() {
    asking ??= begin().finally(() => (asking = null));
    return asking;
  }

  async function begin() {
    const asked = identity;
    const said = await ask("session", { token: kept.token ?? token, identity: asked, after: newest, language: spoken });
    if (asked !== identity) return begin(); // somebody signed in or out meanwhile
    token = said.token;
    if (said.verified) forgetStranger();
    else keep({ token });
    visit = said;
    settle(said.messages);
    if (!said.verified) for (const message of kept.sent ?? []) if (!known.has(message.id)) post(message);
    if (said.more && !hasEarlier) offerEarlier();
    showLeader(said.person);
    tell(said.online ? "" : inLanguage(settings.offline) || words.offline);
    return said;
  }

  /* The stranger's words are the user's now. Shown twice more, for one that was still on its way. */
  let forgetting = 0;
  function forgetStranger(waits = [2000, 6000]) {
    if (!kept.token || forgetting) return;
    const [wait, ...later] = waits;
    forgetting = setTimeout(async () => {
      await session().catch(() => {});
      forgetting = 0;
      if (later.length) forgetStranger(later);
      else keep({ token: undefined, email: undefined, sent: undefined });
    }, wait);
  }

  // -- hearing: a stream where it can be had, else questions
  let stream = null;
  let heard = ""; // id of the last event
  let failures = 0;
  let timer = 0;
  let turn = 0; // which attempt to hear is the latest

  function hang() {
    turn += 1;
    clearTimeout(timer);
    stream?.close();
    stream = null;
  }

  async function listen() {
    hang();
    const mine = turn;
    try {
      await session();
    } catch (error) {
      if (mine !== turn) return;
      if (error.status === 404 || error.status === 403) return failed(error);
      tell(words.lost);
      return again();
    }
    if (mine !== turn) return; // one ticket opens one stream: the later call has it
    if (failures >= 2 && failures % 15 !== 0) return poll();
    const after = heard ? `&after=${encodeURIComponent(heard)}` : "";
    const opened = (stream = new EventSource(`${live}/chat/${settings.key}/stream?ticket=${encodeURIComponent(visit.ticket)}${after}`));
    timer = setTimeout(again, 8000);
    const on = (kind, act) =>
      opened.addEventListener(kind, (event) => {
        if (opened !== stream) return;
        if (event.lastEventId) heard = event.lastEventId;
        act(event.data && JSON.parse(event.data));
      });
    on("ready", () => {
      clearTimeout(timer);
      failures = 0;
      if (visit.online) tell("");
    });
    on("reload", () => look());
    on("delta", addPiece);
    on("typing", showTyping);
    on("leader", ({ is_person }) => showLeader(is_person));
    on("message", (message) => settle([{ at: Date.now(), state: "sent", files: [], ...message }]));
    opened.onerror = () => opened === stream && again();
  }

  function again() {
    hang();
    failures += 1;
    timer = setTimeout(listen, Math.min(1000 * 2 ** failures, 20000) * (0.7 + Math.random() * 0.6));
  }

  /* No stream gets through: look every few seconds, and try the stream again now and then. */
  async function poll() {
    failures += 1;
    await look();
    timer = setTimeout(listen, isOpen && !document.hidden ? 3500 : 20000);
  }

  const look = () => ask("history", null, newest ? `?after=${encodeURIComponent(newest)}` : "").then((said) => { settle(said.messages); showLeader(said.person); }).catch(() => {});

  function failed(error) {
    host.hidden = error.status === 404;
    tell(inLanguage(settings.offline) || words.offline);
    if (window.console) console.warn(`leadwire: ${error.status} ${error.code}`);
  }

  // -- showing
  function tell(text) {
    notice.textContent = text;
    notice.hidden = !text;
  }

  function linked(text) {
    const parts = document.createDocumentFragment();
    let at = 0;
    for (const found of text.matchAll(/https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]}؟،。]/g)) {
      parts.append(text.slice(at, found.index), make("a", { href: found[0], target: "_blank", rel: "noopener noreferrer nofollow" }, found[0]));
      at = found.index + found[0].length;
    }
    parts.append(text.slice(at));
    return parts;
  }

  const nameOf = (from) => (from === "ai" ? words.ai : from === "visitor" ? words.you : settings.team);

  function rowFor(id, from) {
    const found = known.get(id);
    if (found) return found;
    const body = make("div", { class: "bubble", dir: "auto" });
    const foot = make("div", { class: "foot", hidden: true });
    const mine = from === "visitor";
    const row = make("div", { class: mine ? "row mine" : "row" }, make("span", { class: mine ? "sr" : "who" }, nameOf(from)), body, foot);
    const entry = { row, body, foot, message: null, pieces: 0 };
    known.set(id, entry);
    thread.insertBefore(row, typing.parentNode === thread ? typing : null);
    return entry;
  }

  function fill(entry, message) {
    const files = (message.files ?? []).map((file) =>
      file.kind === "image" && file.url
        ? make("a", { href: file.url, target: "_blank", rel: "noopener" }, make("img", { src: file.url, alt: file.name ?? "", loading: "lazy" }))
        : make("a", { class: "file", href: file.url, target: "_blank", rel: "noopener" }, file.name || file.kind),
    );
    entry.row.classList.toggle("gone", !!message.deleted);
    if (message.deleted) entry.body.replaceChildren(words.deleted);
    // what was streamed is there already, piece by piece
    else if (entry.body.textContent !== message.text || files.length) entry.body.replaceChildren(linked(message.text), ...files);
    entry.message = { ...entry.message, ...message };
    if (message.from === "visitor") note(entry, message.state === "sending" ? words.sending : "");
  }

  function note(entry, text, action) {
    entry.foot.replaceChildren(action ? make("button", { type: "button", onclick: action }, text) : text);
    entry.foot.hidden = !text;
  }

  /* Messages as the server tells them, oldest first. */
  function settle(messages, { isPast = false } = {}) {
    const stays = thread.scrollHeight - thread.scrollTop - thread.clientHeight > 80;
    for (const message of messages) {
      const isNews = !known.has(message.id) || !known.get(message.id).message;
      const entry = rowFor(message.id, message.from);
      fill(entry, message);
      if (isPast) continue;
      newest = message.id;
      earliest ||= message.id;
      if (message.from === "visitor") {
        forget(message.id);
        continue;
      }
      if (!["delivered", "read"].includes(message.state)) acknowledge(message.id);
      else if (message.state === "delivered") acknowledge(message.id, true);
      if (!isNews) continue;
      if (message.from === stillTyping) showTyping({ on: false, at: 0 });
      if (message.state !== "read" && !(isOpen && !document.hidden)) unread += 1;
      spokenAloud.textContent = `${nameOf(message.from)}: ${message.text}`;
      askEmail();
    }
    if (messages.length && !isPast && !stays) thread.scrollTop = thread.scrollHeight;
    badge();
  }

  /* A sentence of an answer that comes in pieces; each once, in their order. */
  function addPiece({ id, n, text }) {
    const entry = rowFor(id, "ai");
    if (entry.message || n !== entry.pieces) return;
    const piece = make("span", { class: "piece" }, text);
    piece.style.animationDelay = `${n * 140}ms`;
    entry.body.append(piece);
    entry.pieces += 1;
    showTyping({ on: false, at: 0 });
    thread.scrollTop = thread.scrollHeight;
  }

  /* Said once, where the AI leaves off; who asked need not wonder at the silence. */
  const leaderLine = make("p", { class: "line" }, words.person);
  let hasPerson = false;
  let leaderTimer = 0;
  function showLeader(isPerson) {
    if (isPerson === hasPerson) return;
    hasPerson = isPerson;
    clearTimeout(leaderTimer);
    if (!isPerson) return leaderLine.remove();
    leaderTimer = setTimeout(() => {
      if ([...known.values()].at(-1)?.message?.from !== "visitor") return; // it was said in words
      thread.append(leaderLine);
      thread.scrollTop = thread.scrollHeight;
      spokenAloud.textContent = words.person;
    }, 3000);
  }

  let stillTyping = "";
  let typingTimer = 0;
  function showTyping({ on, from, at }) {
    clearTimeout(typingTimer);
    if (!on) {
      // what was written may be a moment behind the end of the writing
      typingTimer = setTimeout(() => { typing.hidden = true; stillTyping = ""; }, at ?? 1200);
      return;
    }
    stillTyping = from;
    const dots = make("span", { class: "dots", "aria-hidden": "true" }, make("i"), make("i"), make("i"));
    typing.replaceChildren(make("span", { class: "who" }, nameOf(from)), make("div", { class: "bubble" }, dots, make("span", { class: "sr" }, words.typing)));
    typing.hidden = false;
    thread.append(typing);
    thread.scrollTop = thread.scrollHeight;
    typingTimer = setTimeout(() => showTyping({ on: false, at: 0 }), 45000);
  }

  let hasEarlier = false;
  function offerEarlier() {
    hasEarlier = true;
    const button = make("button", { class: "earlier", type: "button" }, words.earlier);
    button.addEventListener("click", async () => {
      const said = await ask("history", null, `?before=${encodeURIComponent(earliest)}`).catch(() => null);
      if (!said) return;
      const height = thread.scrollHeight;
      const first = known.get(earliest)?.row;
      settle(said.messages.filter((each) => !known.has(each.id)), { isPast: true });
      for (const each of said.messages) thread.insertBefore(known.get(each.id).row, first ?? null);
      earliest = said.messages[0]?.id ?? earliest;
      thread.scrollTop += thread.scrollHeight - height;
      if (!said.more) button.remove();
    });
    thread.prepend(button);
  }

  function badge() {
    count.textContent = unread > 9 ? "9+" : unread;
    count.hidden = !unread;
    launcher.setAttribute("aria-label", isOpen ? words.close : unread ? `${words.open}. ${words.unread}: ${unread}` : words.open);
  }

  // -- ticks: what arrived, what was seen
  const ticks = { delivered: new Set(), read: new Set() };
  const seen = new Set();
  let tickTimer = 0;
  const isSeen = () => isOpen && !document.hidden;

  function acknowledge(id, isDelivered = false) {
    if (seen.has(id)) return;
    if (isSeen()) {
      ticks.read.add(id);
      seen.add(id);
    } else if (!isDelivered && !known.get(id).isDelivered) {
      ticks.delivered.add(id);
      known.get(id).isDelivered = true;
    }
    if (ticks.read.size + ticks.delivered.size) tickTimer ||= setTimeout(report, 400);
  }

  async function report() {
    tickTimer = 0;
    const told = { delivered: [...ticks.delivered].slice(0, 50), read: [...ticks.read].slice(0, 50) };
    try {
      await ask("receipts", told);
      for (const state of Object.keys(told)) told[state].forEach((id) => ticks[state].delete(id));
    } catch {
      /* told with the next one */
    }
  }

  function look_at_all() {
    if (!isSeen()) return;
    unread = 0;
    badge();
    for (const [id, entry] of known) if (entry.message && entry.message.from !== "visitor" && entry.message.state !== "read") acknowledge(id);
  }

  // -- writing
  function fit() {
    field.dir = field.value ? "auto" : root.dir; // an empty field has no direction of its own
    field.style.height = "auto";
    field.style.height = `${field.scrollHeight + 2}px`;
  }

  function onKey(event) {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      submit();
    }
  }

  const newId = () => [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  let line = Promise.resolve(); // one after the other, in the order they were written

  function submit() {
    const text = field.value.trim();
    if (!text) return;
    if (text.length > MAX) return tell(words.tooLong);
    field.value = "";
    fit();
    post({ id: newId(), text });
  }

  /* What a stranger wrote outlives the page until the server tells it back; sent again under the
     same id it counts once. */
  function remember(message) {
    if (!identity) keep({ sent: [...(kept.sent ?? []).filter((each) => each.id !== message.id), message].slice(-10) });
  }
  function forget(id) {
    if (kept.sent?.some((each) => each.id === id)) keep({ sent: kept.sent.filter((each) => each.id !== id) });
  }

  function post(message) {
    if (message.text) remember(message);
    const entry = rowFor(message.id, "visitor");
    thread.append(entry.row);
    fill(entry, { files: [], ...message, from: "visitor", state: "sending" });
    thread.scrollTop = thread.scrollHeight;
    line = line.then(() => deliver(message, entry)).catch(() => {});
  }

  async function deliver(message, entry) {
    const page = { url: location.href.split("#")[0], title: document.title };
    const body = { id: message.id, text: message.text, files: message.handles ?? [], page, language: spoken, email: kept.email };
    for (let attempt = 0; attempt < 5; attempt += 1) {
      try {
        if (!token) await session();
        await ask("messages", body);
        note(entry, "");
        entry.message.state = "received";
        if (!stream && !timer) listen();
        hasWritten ||= setTimeout(askEmail, 12000); // or with the first answer
        return;
      } catch (error) {
        if (error.status === 401) token = "";
        else if (error.status === 429) tell(words.slow);
        else if (error.status >= 400 && error.status < 500) break;
        await new Promise((done) => setTimeout(done, error.wait * 1000 || 800 * 2 ** attempt));
        tell("");
      }
    }
    note(entry, words.failed, () => {
      fill(entry, { ...entry.message, state: "sending" });
      line = line.then(() => deliver(message, entry)).catch(() => {});
    });
    spokenAloud.textContent = words.failed;
  }

  async function attach(file) {
    picker.value = "";
    if (!file) return;
    const id = newId();
    const entry = rowFor(id, "visitor");
    fill(entry, { id, text: file.name, files: [], from: "visitor", state: "sending" });
    try {
      if (!token) await session();
      const form = new FormData();
      form.append("file", file);
      const stored = await ask("files", form);
      const message = { id, text: "", handles: [stored.handle], files: [stored] };
      fill(entry, { ...message, from: "visitor", state: "sending" });
      line = line.then(() => deliver(message, entry)).catch(() => {});
    } catch {
      note(entry, words.tooLarge);
    }
  }

  /* One question to strangers who wrote; it may be overlooked. */
  let hasAsked = false;
  let hasWritten = 0;
  function askEmail() {
    if (!settings.email || hasAsked || !hasWritten || kept.email || visit?.verified) return;
    hasAsked = true;
    const input = make("input", { type: "email", id: "email", autocomplete: "email", dir: "ltr", required: true, "aria-describedby": "bad" });
    const bad = make("p", { class: "bad", id: "bad", role: "alert" });
    const form = make("form", { class: "ask", novalidate: true }, make("label", { for: "email" }, words.email), make("div", {}, input, make("button", { type: "submit" }, words.save)), bad);
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      try {
        const said = await ask("person", { email: input.value });
        keep({ email: said.email });
        form.replaceChildren(words.thanks);
        spokenAloud.textContent = words.thanks;
        field.focus();
      } catch {
        bad.textContent = words.emailBad;
        input.setAttribute("aria-invalid", "true");
        input.focus();
      }
    });
    thread.append(form);
    thread.scrollTop = thread.scrollHeight;
  }

  // -- opening and closing
  function toggle(wanted) {
    if (wanted === isOpen) return;
    isOpen = wanted;
    root.classList.toggle("open", isOpen);
    panel.hidden = !isOpen;
    launcher.setAttribute("aria-expanded", String(isOpen));
    launcher.firstChild.firstChild.setAttribute("d", isOpen ? ICONS.close : ICONS.chat);
    if (isPhone.matches && isOpen) panel.setAttribute("aria-modal", "true");
    else panel.removeAttribute("aria-modal");
    if (!isOpen) {
      badge();
      launcher.focus();
      return;
    }
    greet();
    if (!stream) listen();
    look_at_all();
    badge();
    field.focus();
    thread.scrollTop = thread.scrollHeight;
  }

  let hasGreeted = false;
  function greet() {
    const text = inLanguage(settings.greeting);
    if (hasGreeted || !text) return;
    hasGreeted = true;
    const row = make("div", { class: "row" }, make("span", { class: "who" }, settings.team), make("div", { class: "bubble", dir: "auto" }, text));
    thread.prepend(row);
  }

  /* Escape closes; on a phone, where the chat is all there is to see, Tab stays inside. */
  function onRootKey(event) {
    event.stopPropagation(); // the page's own shortcuts are not meant
    if (event.key === "Escape" && isOpen) toggle(false);
    if (event.key !== "Tab" || !panel.hasAttribute("aria-modal")) return;
    const stops = [...panel.querySelectorAll("button, textarea, input, a[href], [tabindex='0']")].filter((each) => each.offsetParent && !each.disabled && each.tabIndex >= 0);
    const edge = event.shiftKey ? stops[0] : stops.at(-1);
    if (shadow.activeElement === edge) {
      event.preventDefault();
      (event.shiftKey ? stops.at(-1) : stops[0]).focus();
    }
  }

  // -- who is signed in
  function identify(who) {
    const given = who?.token ?? "";
    if (given === identity) return;
    const wasSomebody = !!identity;
    identity = given;
    if (wasSomebody || !given) start_over();
    if (given || isOpen) listen();
  }

  /* Somebody went: nothing of theirs stays on the screen or in this browser. */
  function start_over() {
    hang();
    clearTimeout(forgetting);
    forgetting = 0;
    token = newest = earliest = heard = "";
    visit = null;
    unread = 0;
    known.clear();
    seen.clear();
    for (const waiting of Object.values(ticks)) waiting.clear();
    hasGreeted = hasAsked = hasEarlier = hasPerson = false;
    clearTimeout(hasWritten);
    hasWritten = 0;
    keep({ token: undefined, email: undefined, sent: undefined });
    thread.replaceChildren();
    tell("");
    badge();
    if (isOpen) greet();
  }

  // -- the one name we put on the page
  const DEEDS = { open: () => toggle(true), close: () => toggle(false), identify };
  window.leadwire = (deed, ...rest) => DEEDS[deed]?.(...rest);
  window.leadwire.isHere = true;

  document.addEventListener("visibilitychange", look_at_all);
  window.addEventListener("online", () => stream || (visit && listen()));
  window.addEventListener("storage", (event) => event.key === SLOT && recall());
  const appear = () => {
    document.body.append(host);
    for (const call of waiting) window.leadwire(...call);
    // somebody who wrote before is told what came since
    if (kept.token && !stream && !asking) listen();
  };
  if (document.body) appear();
  else document.addEventListener("DOMContentLoaded", appear);
})();
