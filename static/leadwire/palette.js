/* Ctrl+K: whatever this page and the menu can do, by a few letters of its name. */
"use strict";

(() => {
  const dialog = document.getElementById("palette");
  if (!dialog) return;
  const field = dialog.querySelector("input");
  const list = dialog.querySelector("ul");
  let found = [];
  let at = 0;

  const plain = (text) => text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
  function commands() {
    const deeds = [...document.querySelectorAll("[data-command]")]
      .filter((each) => !each.disabled)
      .map((each) => ({ name: each.dataset.command, hint: each.dataset.key ?? "", act: () => each.click() }));
    const views = [...document.querySelectorAll(".shelves a")].map((each) => ({
      name: each.firstChild.textContent.trim() || each.textContent.trim(), hint: dialog.dataset.view, act: () => each.click(),
    }));
    const rooms = [...document.querySelectorAll(".rail__link")].map((each) => ({
      name: each.textContent.trim().replace(/\s+\d+$/, ""), hint: dialog.dataset.room, act: () => each.click(),
    }));
    return [...deeds, ...views, ...rooms];
  }
  function show() {
    const words = plain(field.value).split(/\s+/).filter(Boolean);
    found = commands().filter(({ name }) => words.every((word) => plain(name).includes(word))).slice(0, 12);
    if (field.value.trim()) {
      const q = field.value.trim();
      found.push({ name: `${dialog.dataset.search} “${q}”`, hint: "", act: () => location.assign(`${dialog.dataset.inbox}?q=${encodeURIComponent(q)}`) });
    }
    at = 0;
    list.replaceChildren(...found.map(({ name, hint }, number) => {
      const item = document.createElement("li");
      item.className = "option";
      item.id = `command-${number}`;
      item.setAttribute("role", "option");
      const text = document.createElement("span");
      text.textContent = name;
      text.dir = "auto";
      item.append(text);
      if (hint) {
        const mark = document.createElement(hint.length === 1 ? "kbd" : "small");
        mark.textContent = hint;
        item.append(mark);
      }
      return item;
    }));
    choose(0);
  }
  function choose(number) {
    if (!found.length) return;
    at = (number + found.length) % found.length;
    [...list.children].forEach((each, other) => each.setAttribute("aria-selected", String(other === at)));
    list.children[at].scrollIntoView({ block: "nearest" });
    field.setAttribute("aria-activedescendant", `command-${at}`);
  }
  function run() {
    const { act } = found[at] ?? {};
    dialog.close();
    act?.();
  }

  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.key.toLowerCase() !== "k") return;
    event.preventDefault();
    if (dialog.open) return dialog.close();
    field.value = "";
    show();
    dialog.showModal();
    field.focus();
  });
  field.addEventListener("input", show);
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") choose(at + (event.key === "ArrowDown" ? 1 : -1));
    else if (event.key === "Enter") run();
    else return;
    event.preventDefault();
  });
  list.addEventListener("click", (event) => {
    const item = event.target.closest("li");
    if (!item) return;
    at = [...list.children].indexOf(item);
    run();
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
})();
