/* Live updates, the composer and the keyboard. Without this file the inbox works by reloading. */
"use strict";

(() => {
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
  document.addEventListener("htmx:beforeSwap", (event) => {
    // a refused reply comes back as 422 with the reason in it
    if (event.detail.xhr.status === 422) {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    }
  });
  // A deed draws the conversation anew; whoever pressed its button goes on from there.
  let goOn = null;
  document.addEventListener("htmx:beforeSwap", (event) => {
    const talk = event.detail.target;
    goOn = talk?.id === "conversation" ? rememberFocus(talk) : null;
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target?.id === "conversation") {
      opening();
      if (event.detail.elt?.matches?.("[data-composer]")) $("#id_text")?.focus();
      else if (goOn && !goOn($("#conversation"))) $("#thread")?.focus();
      goOn = null;
      refresh("list");
      refresh("context");
    }
  });
  document.addEventListener("htmx:sendError", () => window.leadwireToast($("#inbox").dataset.offline, "bad"));
  document.addEventListener("htmx:responseError", () => window.leadwireToast($("#inbox").dataset.failed, "bad"));

  // -- a row opens beside the list. Done here and not by htmx: the list may be fetched anew while
  //    the conversation is on its way, and htmx then looks for its targets in the list that left.
  let asked = 0;
  async function open(url, keep, byKeyboard) {
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
    if (byKeyboard) $("#thread")?.focus();
  }
  document.addEventListener("click", (event) => {
    const row = event.target.closest("a.row");
    if (!row || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    open(row.href, true, event.detail === 0); // Enter clicks without a pointer
  });
  window.addEventListener("popstate", () => open(location.href, false));
  function opening() {
    fold();
    mark();
    count();
    showPicked();
    toEnd();
    document.dispatchEvent(new Event("leadwire:opened"));
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
  // -- files: picked, dropped or pasted; the names stand beside the button
  function showPicked() {
    const picker = $("#id_attachments");
    const shown = $("#picked");
    if (!picker || !shown) return;
    document.documentElement.classList.add("js");
    shown.replaceChildren(...[...picker.files].map((file, at) => {
      const chip = document.createElement("button");
      chip.type = "button";
      chip.className = "badge";
      chip.textContent = `${file.name} ✕`;
      chip.setAttribute("aria-label", `${picker.dataset.remove} ${file.name}`);
      chip.addEventListener("click", () => pick([...picker.files].filter((_, other) => other !== at)));
      return chip;
    }));
  }
  function pick(files) {
    const picker = $("#id_attachments");
    if (!picker) return;
    const bag = new DataTransfer();
    files.forEach((file) => bag.items.add(file));
    picker.files = bag.files;
    showPicked();
  }
  const add = (files) => pick([...($("#id_attachments")?.files ?? []), ...files]);
  document.addEventListener("change", (event) => {
    if (event.target.id === "id_attachments") showPicked();
  });
  document.addEventListener("paste", (event) => {
    if (event.target.id !== "id_text" || !event.clipboardData?.files.length) return;
    event.preventDefault();
    add([...event.clipboardData.files]);
  });
  for (const kind of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(kind, (event) => {
      const box = event.target.closest?.("[data-composer]");
      if (!box || !$("#id_attachments") || !event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      box.classList.toggle("is-over", kind === "dragover");
      if (kind === "drop") add([...event.dataTransfer.files]);
    });
  }
  showPicked();
  document.addEventListener("input", (event) => {
    if (event.target.id === "id_text" || event.target.name === "mode") count();
  });
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.id === "id_text") {
      event.preventDefault();
      event.target.form.requestSubmit();
    }
  });
  count();

  // -- the window counts down; when it closes the composer becomes the template picker
  const Span = Intl.DurationFormat;
  const hours = Span ? new Span(document.documentElement.lang || "en", { style: "narrow" }) : null;
  function countDown() {
    const clock = $(".countdown");
    if (!clock) return;
    const left = Math.ceil((new Date(clock.dataset.closes) - Date.now()) / 1000);
    if (left <= 0) {
      clock.remove();
      if (!$("#id_text")?.value) open(location.href, false);
      return;
    }
    clock.classList.toggle("is-short", left < 3600);
    const [h, m, s] = [Math.floor(left / 3600), Math.floor(left / 60) % 60, left % 60];
    const parts = h ? { hours: h, minutes: m } : { minutes: m, seconds: s };
    clock.textContent = `(${hours ? hours.format(parts) : [h, m, s].map((n) => String(n).padStart(2, "0")).join(":")})`;
  }
  setInterval(countDown, 1000);
  countDown();

  // -- a reply that is about to be sent counts down; afterwards the thread says what became of it
  function countToSending() {
    document.querySelectorAll(".draft__clock").forEach((clock) => {
      const left = Math.ceil((new Date(clock.dataset.due) - Date.now()) / 1000);
      if (left >= 0) clock.textContent = [Math.floor(left / 60), left % 60].map((n) => String(n).padStart(2, "0")).join(":");
      if (left === -2 || left === -8) refresh("thread");
    });
  }
  // who begins to change it has undone it
  document.addEventListener("input", (event) => {
    const draft = event.target.closest?.(".draft__form")?.closest(".draft");
    const held = draft?.querySelector(".draft__clock") && draft.querySelector("[formaction]");
    if (!held || draft.dataset.held) return;
    draft.dataset.held = "yes";
    const token = draft.querySelector("[name=csrfmiddlewaretoken]").value;
    fetch(held.formAction, { method: "POST", headers: { "X-CSRFToken": token }, redirect: "manual" }).then(() => refresh("thread"), () => delete draft.dataset.held);
  });
  setInterval(countToSending, 1000);
  countToSending();

  // -- colleagues see that somebody writes; so does the contact where their network can show it,
  //    but never a note
  const TOLD_EVERY = 3000;
  let toldAt = 0;
  function tellTyping(over) {
    const { typing } = $("[data-composer]")?.dataset ?? {};
    if (!typing) return;
    const isNote = $("input[name=mode][value=note]")?.checked;
    if (over ? !toldAt : Date.now() - toldAt < TOLD_EVERY) return;
    toldAt = over ? 0 : Date.now();
    const token = $("[data-composer] [name=csrfmiddlewaretoken]").value;
    const body = new URLSearchParams({ ...(over && { over: "1" }), ...(isNote && { mode: "note" }) });
    fetch(typing, { method: "POST", headers: { "X-CSRFToken": token }, body }).catch(() => {});
  }
  document.addEventListener("input", (event) => {
    if (event.target.id === "id_text") tellTyping(event.target.value === "");
  });
  document.addEventListener("focusout", (event) => event.target.id === "id_text" && tellTyping(true));

  // -- keyboard: never inside a field, may be switched off
  const isOn = () => $("#shortcuts-on")?.checked ?? true;
  function step(by) {
    const rows = [...document.querySelectorAll(".row")];
    if (!rows.length) return;
    const from = document.activeElement?.closest(".row") ?? $(".row[aria-current]");
    const at = rows.indexOf(from);
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
  function unfold(key) {
    const menu = $(`[data-key=${key}]`);
    if (!menu) return;
    menu.open = true;
    menu.querySelector("input:not([type=hidden])")?.focus();
  }
  const KEYS = {
    j: () => step(1),
    k: () => step(-1),
    r: () => mode("reply"),
    n: () => mode("note"),
    e: () => $("[data-key=e]")?.click(),
    a: () => $("[data-key=a]")?.click(),
    t: () => $("[data-key=t]")?.click(),
    z: () => $("[data-key=z]")?.click(),
    s: () => unfold("s"),
    l: () => unfold("l"),
    x: () => (document.activeElement?.closest(".entry") ?? $(".row[aria-current]")?.closest(".entry"))?.querySelector(".entry__tick")?.click(),
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
  document.addEventListener("leadwire:look", (event) => refresh(event.detail));

  // -- live: events say what to fetch anew; the rows are the truth. Only some change the list: it
  //    is asked for as rarely as may be, so that nothing stands in the way of what is new in it.
  const LISTED = new Set([
    "poll", "new_message", "message_changed", "conversation", "draft", "assigned", "escalated", "mentioned", "counters", "contact_changed",
    "sla_breached",
  ]);
  window.leadwireLive?.((event) => {
    const concerns = String(event.data?.conversation ?? "");
    if (event.kind === "presence" || event.kind === "typing") return; // seen beside the thread
    if (LISTED.has(event.kind)) refresh("list");
    if (opened() && (concerns === "" || concerns === opened())) {
      refresh("thread");
      refresh("context");
    }
  });

  // Who looks at the list is at their desk, and sees how long ago things were.
  setInterval(() => document.hidden || refresh("list"), 120000);
  // What runs out is shown in whole minutes: it is drawn anew when the next one begins.
  setInterval(() => $(".due") && ["list", "thread"].forEach((what) => document.getElementById(what) && refresh(what)), 60000);

  // One request at a time for each pane; what happens meanwhile asks for one more.
  const busy = {};
  async function refresh(what) {
    if (busy[what]) {
      busy[what] = "again";
      return;
    }
    busy[what] = "once";
    await new Promise((done) => setTimeout(done, 4)); // what one commit announces is one request
    if (document.hidden) await new Promise((seen) => document.addEventListener("visibilitychange", seen, { once: true }));
    busy[what] = "once";
    try {
      await renew(what);
    } catch {
      // the connection's own state shows that we are cut off
    }
    const again = busy[what] === "again";
    busy[what] = "";
    if (again) refresh(what);
  }

  async function renew(what) {
    const url = document.getElementById(what)?.dataset.refresh;
    if (!url || (what === "thread" && location.search.includes("before="))) return;
    const answer = await fetch(url, { headers: { "HX-Request": "true" } });
    const elsewhere = answer.headers.get("HX-Redirect"); // the sign-in has run out
    if (elsewhere) return location.assign(elsewhere);
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const now = document.getElementById(what);
    if (now?.dataset.refresh !== url) return; // something else was opened meanwhile
    if (what === "thread") {
      const follow = isAtEnd(now);
      patch(now, fresh.getElementById("thread"));
      exchange(document.getElementById("head"), fresh.getElementById("head"));
      // what somebody writes in a draft stays while it is the same draft
      const [waits, comes] = [document, fresh].map((page) => page.getElementById("pending"));
      const said = (box) => [...(box?.querySelectorAll("[data-version]") ?? [])].map((each) => each.dataset.version).join();
      if (said(waits) !== said(comes)) {
        const typed = [...waits.querySelectorAll("textarea")].filter((field) => field.value !== field.defaultValue);
        exchange(waits, comes);
        typed.forEach((field) => {
          const again = document.getElementById(field.id);
          if (again) again.value = field.value;
        });
      }
      if (follow) toEnd();
    } else exchange(now, fresh.getElementById(what));
    if (what === "context") fold();
    mark();
  }

  // What has the focus, found again in the box that takes the old one's place: by its name, else
  // by where it stood. Nothing where the focus was elsewhere; false where it is no longer there.
  const REACHED = "a[href], button, summary, input, select, textarea";
  function rememberFocus(box) {
    const focus = document.activeElement;
    if (!box.contains(focus)) return null;
    const name = ["id", "data-pk", "data-key"].find((each) => focus.getAttribute(each));
    const said = (each) => each.tagName + (each.getAttribute("href") ?? each.textContent.trim());
    const what = said(focus);
    const alike = (all) => [...all.querySelectorAll(REACHED)].filter((each) => said(each) === what);
    const at = alike(box).indexOf(focus);
    return (fresh) => {
      const again = name ? fresh.parentElement.querySelector(`[${name}="${CSS.escape(focus.getAttribute(name))}"]`) : alike(fresh)[at];
      again?.focus({ preventScroll: true });
      return Boolean(again);
    };
  }

  // New messages are added, changed ones exchanged: a screen reader hears only what is new.
  function patch(now, fresh) {
    let at = now.firstElementChild;
    for (const node of [...fresh.children]) {
      if (at && at.id && at.id === node.id) {
        const next = at.nextElementSibling;
        node.querySelectorAll("details").forEach((box, index) => (box.open = Boolean(at.querySelectorAll("details")[index]?.open)));
        if (!at.isEqualNode(node)) {
          const again = rememberFocus(at);
          at.replaceWith(document.adoptNode(node));
          again?.(node);
        }
        at = next;
      } else if (at && at.isEqualNode(node)) at = at.nextElementSibling;
      else now.insertBefore(document.adoptNode(node), at);
    }
    while (at) {
      const next = at.nextElementSibling;
      at.remove();
      at = next;
    }
  }

  // Exchange a pane and keep what the person was at: focus, scroll, a half-typed search.
  function exchange(now, fresh) {
    if (!now || !fresh) return;
    const again = rememberFocus(now);
    const typed = now.querySelector("#id_q")?.value;
    const top = now.querySelector(".pane__scroll")?.scrollTop;
    // what was unfolded stays so
    const folds = [...now.querySelectorAll("details")].map((box) => [box.querySelector("summary")?.textContent, box.open]);
    fresh.querySelectorAll("details").forEach((box, index) => {
      if (folds[index]?.[0] === box.querySelector("summary")?.textContent) box.open = folds[index][1];
    });
    now.replaceWith(document.adoptNode(fresh));
    window.htmx.process(fresh);
    const ticked = new Set([...now.querySelectorAll(".entry__tick:checked")].map((each) => each.value));
    fresh.querySelectorAll(".entry__tick").forEach((each) => (each.checked = ticked.has(each.value)));
    for (const field of now.querySelectorAll("#many select, #many [name=label]")) {
      const again = fresh.querySelector(`#${field.id}`);
      if (again) again.value = field.value;
    }
    if (fresh.id === "list") document.dispatchEvent(new Event("leadwire:listed"));
    const search = fresh.querySelector("#id_q");
    if (search) search.value = typed;
    const scroll = fresh.querySelector(".pane__scroll");
    if (scroll) scroll.scrollTop = top;
    again?.(fresh);
  }
})();
