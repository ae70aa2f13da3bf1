/* Live updates, the composer and the keyboard. Without this file the inbox works by reloading. */
"use strict";

(() => {
  const SHORTCUTS = "leadwire.shortcuts";
  const $ = (selector) => document.querySelector(selector);
  const opened = () => $("#conversation[data-open]")?.dataset.open ?? "";

  // -- thread: stay at the end, unless somebody reads further up
  const isAtEnd = (box) => box.scrollHeight - box.scrollTop - box.clientHeight < 120;
  function toEnd() {
    const thread = $("#thread");
    if (thread) thread.scrollTop = thread.scrollHeight;
  }
  toEnd();
  // -- where the panes do not fit side by side, the contact's is opened by a tap
  const narrow = matchMedia("(max-width: 80rem)");
  let wantsContext = false;
  function fold() {
    const pane = $("#context > details");
    if (pane) pane.open = !narrow.matches || wantsContext;
  }
  narrow.addEventListener("change", fold);
  document.addEventListener("click", (event) => {
    if (event.target.closest("#context > details > summary")) wantsContext = !$("#context > details").open;
  });
  fold();
  let wasAtEnd = true;
  document.addEventListener("htmx:beforeSwap", (event) => {
    const thread = $("#thread");
    wasAtEnd = thread ? isAtEnd(thread) : true;
    // a refused reply comes back as 422 with the reason in it
    if (event.detail.xhr.status === 422) {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    }
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    fold();
    const target = event.detail.target?.id;
    if (target === "conversation" || (target === "thread" && wasAtEnd)) toEnd();
    if (target === "conversation") {
      mark();
      count();
      if (event.detail.elt?.matches?.("[data-composer]")) $("#id_text")?.focus();
    }
  });
  document.addEventListener("htmx:sendError", () => window.leadwireToast($("#inbox").dataset.offline, "bad"));
  document.addEventListener("htmx:responseError", () => window.leadwireToast($("#inbox").dataset.failed, "bad"));

  // -- a row opens beside the list. Done here and not by htmx: the list may be fetched anew while
  //    the conversation is on its way, and htmx then looks for its targets in the list that left.
  let asked = 0;
  async function open(url, keep) {
    const mine = ++asked;
    let page;
    try {
      const answer = await fetch(url, { headers: { Accept: "text/html" } });
      if (!answer.ok || answer.redirected) return location.assign(url);
      page = new DOMParser().parseFromString(await answer.text(), "text/html");
    } catch {
      return window.leadwireToast($("#inbox").dataset.offline, "bad");
    }
    if (mine !== asked) return; // another row was clicked meanwhile
    for (const id of ["conversation", "context", "list"]) {
      const fresh = document.adoptNode(page.getElementById(id));
      document.getElementById(id).replaceWith(fresh);
      window.htmx.process(fresh);
    }
    document.title = page.title;
    if (keep) history.pushState(null, "", url);
    opening();
  }
  document.addEventListener("click", (event) => {
    const row = event.target.closest("a.row");
    if (!row || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    open(row.href, true);
  });
  window.addEventListener("popstate", () => open(location.href, false));
  function opening() {
    fold();
    mark();
    count();
    toEnd();
  }

  // -- the list's current row follows what is open
  function mark() {
    document.querySelectorAll(".row").forEach((row) => {
      if (row.dataset.pk === opened()) row.setAttribute("aria-current", "true");
      else row.removeAttribute("aria-current");
    });
  }

  // -- composer: counter and Ctrl+Enter; drafts outlive a wrong click
  const utf8 = new TextEncoder();
  function length(text, unit) {
    if (unit === "bytes") return utf8.encode(text).length;
    return unit === "characters" ? [...text].length : text.length;
  }
  function count() {
    const field = $("#id_text");
    const counter = $("#counter");
    if (!field || !counter) return;
    const isNote = $("input[name=mode][value=note]")?.checked;
    const limit = isNote ? 20000 : Number(counter.dataset.max);
    const used = length(field.value, counter.dataset.unit);
    counter.textContent = `${used} / ${limit}`;
    counter.classList.toggle("over", used > limit);
  }
  document.addEventListener("input", (event) => {
    if (event.target.id === "id_text" || event.target.name === "mode") count();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.id === "id_text") {
      event.preventDefault();
      event.target.form.requestSubmit();
    }
  });
  count();

  // -- keyboard: never inside a field, may be switched off
  const isOn = () => localStorage.getItem(SHORTCUTS) !== "off";
  function step(by) {
    const rows = [...document.querySelectorAll(".row")];
    if (!rows.length) return;
    const at = rows.findIndex((row) => row === document.activeElement || (document.activeElement === document.body && row.hasAttribute("aria-current")));
    const next = rows[Math.min(Math.max(at + by, 0), rows.length - 1)];
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  }
  function mode(value) {
    const choice = $(`input[name=mode][value=${value}]`);
    if (!choice) return;
    choice.checked = true;
    count();
    $("#id_text").focus();
  }
  const KEYS = {
    j: () => step(1),
    k: () => step(-1),
    r: () => mode("reply"),
    n: () => mode("note"),
    e: () => $("[data-key=e]")?.click(),
    a: () => $("[data-key=a]")?.click(),
    t: () => $("[data-key=t]")?.click(),
    "/": () => $("#id_q")?.focus(),
    "?": () => $("#shortcuts")?.showModal(),
  };
  document.addEventListener("keydown", (event) => {
    if (!isOn() && event.key !== "?") return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, textarea, select, [contenteditable], dialog")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    const act = KEYS[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  const toggle = $("#shortcuts-on");
  if (toggle) {
    toggle.checked = isOn();
    toggle.addEventListener("change", () => localStorage.setItem(SHORTCUTS, toggle.checked ? "on" : "off"));
  }

  // -- live: events say what to fetch anew; the rows are the truth
  window.leadwireLive?.((event) => {
    const concerns = String(event.data?.conversation ?? "");
    refresh("list");
    if (opened() && (concerns === "" || concerns === opened())) {
      refresh("thread");
      refresh("context");
    }
  });
  const waiting = {};
  function refresh(what) {
    if (waiting[what]) return;
    waiting[what] = setTimeout(() => {
      waiting[what] = null;
      if (!document.hidden) window.htmx.trigger(document.body, `refresh-${what}`);
      else document.addEventListener("visibilitychange", () => refresh(what), { once: true });
    }, 60);
  }
})();
