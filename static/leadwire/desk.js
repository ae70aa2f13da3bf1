/* Beside the thread: drafts, canned replies, mentions, who else is here, ticks in the list.
   Without this file the inbox works by reloading. */
"use strict";

(() => {
  const $ = (selector) => document.querySelector(selector);
  const inbox = $("#inbox");
  if (!inbox) return;
  const me = inbox.dataset.me;
  const opened = () => $("#conversation[data-open]")?.dataset.open ?? "";
  const token = () => $("[data-composer] [name=csrfmiddlewaretoken], #many [name=csrfmiddlewaretoken]")?.value ?? "";
  const isNote = () => Boolean($("input[name=mode][value=note]")?.checked);
  const post = (url, fields, more = {}) =>
    fetch(url, { method: "POST", headers: { "X-CSRFToken": token(), "HX-Request": "true" }, body: new URLSearchParams(fields), ...more });

  // -- what is being written is kept on the server a moment after the last key
  let keeping = null;
  function keep(field) {
    clearTimeout(keeping);
    const url = field.form?.dataset.draft;
    if (!url) return;
    const shown = $("#kept");
    if (shown) shown.textContent = "";
    const said = { text: field.value, mode: isNote() ? "note" : "reply" };
    keeping = setTimeout(async () => {
      keeping = null;
      try {
        const answer = await post(url, said, { keepalive: true });
        if (answer.ok && shown?.isConnected && said.text.trim()) shown.textContent = shown.dataset.kept;
      } catch {
        // the text itself is still there
      }
    }, 700);
  }
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.elt?.matches?.("[data-composer]")) clearTimeout(keeping); // it is sent now
  });

  // -- a list of things to choose from under the text: canned replies, colleagues
  const box = () => $("#options");
  let pick = null;
  function close() {
    const list = box();
    if (!list) return;
    list.hidden = true;
    list.replaceChildren();
    pick = null;
    const field = $("#id_text");
    field?.removeAttribute("aria-activedescendant");
    field?.removeAttribute("aria-controls");
  }
  const options = () => [...(box()?.querySelectorAll("[role=option]") ?? [])];
  function choose(at) {
    const all = options();
    if (!all.length) return;
    const here = all[(at + all.length) % all.length];
    all.forEach((each) => each.setAttribute("aria-selected", String(each === here)));
    here.scrollIntoView({ block: "nearest" });
    $("#id_text")?.setAttribute("aria-activedescendant", here.id);
  }
  const chosen = () => options().findIndex((each) => each.getAttribute("aria-selected") === "true");
  function offer(list, taken) {
    const place = box();
    if (!place || !list) return close();
    place.replaceChildren(list);
    place.hidden = false;
    pick = taken;
    $("#id_text")?.setAttribute("aria-controls", list.id);
    choose(0);
  }
  function put(field, from, text) {
    field.setRangeText(text, from, field.selectionStart, "end");
    close();
    field.focus();
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  let asked = 0;
  async function offerCanned(field, from, search) {
    const mine = ++asked;
    const answer = await fetch(`${field.form.dataset.canned}?q=${encodeURIComponent(search)}`, { headers: { "HX-Request": "true" } }).catch(() => null);
    if (!answer?.ok || mine !== asked) return;
    const list = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("ul");
    if (!list?.children.length) return close();
    offer(document.adoptNode(list), (option) => put(field, from, option.dataset.text));
  }
  function offerPeople(field, from, search) {
    const team = [...document.querySelectorAll("#team > li")].map((each) => ({ pk: each.dataset.pk, name: each.textContent }));
    const found = team.filter((each) => each.pk !== me && each.name.toLowerCase().includes(search.toLowerCase())).slice(0, 8);
    if (!found.length) return close();
    const list = document.createElement("ul");
    list.className = "options";
    list.id = "people-options";
    list.setAttribute("role", "listbox");
    list.append(...found.map((each) => {
      const item = document.createElement("li");
      item.className = "option";
      item.id = `person-${each.pk}`;
      item.setAttribute("role", "option");
      item.textContent = each.name;
      return item;
    }));
    offer(list, (option) => put(field, from, `@${option.textContent} `));
  }
  function look(field) {
    const before = field.value.slice(0, field.selectionStart);
    const slash = /^\/([^\s/]*)$/.exec(before) ?? /\s\/([^\s/]*)$/.exec(before);
    const at = isNote() && /(?:^|\s)@([^\s@]*)$/.exec(before);
    if (at) return offerPeople(field, before.length - at[1].length - 1, at[1]);
    if (slash && !isNote() && field.form?.dataset.canned) return offerCanned(field, before.length - slash[1].length - 1, slash[1]);
    asked++;
    close();
  }
  document.addEventListener("input", (event) => {
    if (event.target.id !== "id_text") return;
    look(event.target);
    keep(event.target);
  });
  document.addEventListener("change", (event) => {
    if (event.target.name === "mode" && $("#id_text")) keep($("#id_text"));
  });
  document.addEventListener("keydown", (event) => {
    if (event.target.id !== "id_text" || !pick) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") choose(chosen() + (event.key === "ArrowDown" ? 1 : -1));
    else if (event.key === "Enter" || event.key === "Tab") pick(options()[chosen()]);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);
  document.addEventListener("mousedown", (event) => {
    const option = event.target.closest("#options [role=option]");
    if (!option || !pick) return;
    event.preventDefault();
    pick(option);
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-canned-open]");
    const field = $("#id_text");
    if (!button || !field || isNote()) return;
    event.preventDefault();
    field.focus();
    if (field.value && !/\s$/.test(field.value)) field.setRangeText(" ", field.value.length, field.value.length, "end");
    field.setSelectionRange(field.value.length, field.value.length);
    offerCanned(field, field.value.length, "");
  });
  document.addEventListener("focusout", (event) => event.target.id === "id_text" && setTimeout(close, 150));

  // -- a reply that can still be taken back counts down, then stands as it is
  setInterval(() => {
    document.querySelectorAll(".undo-send").forEach((button) => {
      const left = Math.ceil((new Date(button.dataset.due) - Date.now()) / 1000);
      button.querySelector("[data-left]").textContent = left > 0 ? left : "";
      if (left <= 0) {
        button.closest("form").remove();
        document.dispatchEvent(new CustomEvent("leadwire:look", { detail: "thread" }));
      }
    });
  }, 500);

  // -- who else is here: said while the page is seen, taken back when it goes
  const BEAT = 20000;
  const where = (pk) => inbox.dataset.presence.replace("/0/", `/${pk}/`);
  let at = "";
  async function beHere() {
    const pk = opened();
    if (at && at !== pk) post(where(at), { over: "1" }, { keepalive: true }).catch(() => {});
    at = pk && token() ? pk : "";
    if (!at || document.hidden) return;
    const answer = await post(where(at), {}).catch(() => null);
    if (!answer?.ok || opened() !== pk) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("colleagues");
    const now = $("#colleagues");
    if (fresh && now && !now.isEqualNode(fresh)) now.replaceWith(document.adoptNode(fresh));
  }
  setInterval(beHere, BEAT);
  document.addEventListener("leadwire:opened", beHere);
  document.addEventListener("visibilitychange", beHere);
  window.addEventListener("pagehide", () => {
    if (at) post(where(at), { over: "1" }, { keepalive: true }).catch(() => {});
  });
  beHere();
  let writing = null;
  window.leadwireLive?.((event) => {
    const { conversation, user } = event.data ?? {};
    if ((event.kind === "presence" || event.kind === "typing") && String(conversation) === opened() && String(user) !== me) {
      beHere();
      clearTimeout(writing); // who stops without a word is forgotten
      if (event.kind === "typing" && !event.data.over) writing = setTimeout(beHere, 9000);
    }
    if (event.kind === "mentioned" && String(user) === me) window.leadwireToast(inbox.dataset.mentioned);
  });

  // -- ticks: how many, all of them, x on the row that has the focus
  const ticks = () => [...document.querySelectorAll(".entry__tick")];
  function countTicks() {
    const number = $("[data-ticked]");
    if (number) number.textContent = ticks().filter((each) => each.checked).length || "";
  }
  document.addEventListener("change", (event) => event.target.matches?.(".entry__tick") && countTicks());
  document.addEventListener("reset", () => setTimeout(countTicks));
  document.addEventListener("leadwire:listed", countTicks);
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-tick=all]")) return;
    ticks().forEach((each) => (each.checked = true));
    countTicks();
  });

  // -- habits are kept with the person, not with the browser
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("[data-habits]");
    if (!form) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    post(form.action, new FormData(form)).catch(() => {});
    form.closest("dialog").close();
  }, true);
})();
