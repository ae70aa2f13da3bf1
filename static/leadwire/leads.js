/* The board of leads by mouse and by keyboard, and ticking in the list. Each form works without. */
"use strict";

(() => {
  const board = document.querySelector("[data-board]");
  if (board) startBoard(board);

  function startBoard(board) {
    const says = document.getElementById("board-says");
    const csrf = JSON.parse(document.body.getAttribute("hx-headers") || "{}");
    let dragged = null;

    const piles = () => [...board.querySelectorAll(".pile")];
    const cards = (pile) => [...pile.querySelectorAll(".lead-card")];
    const say = (text) => {
      says.textContent = text;
    };

    function count(pile, by) {
      const badge = pile.querySelector("[data-count]");
      badge.textContent = String(Math.max(0, Number(badge.textContent) + by));
    }

    function place(card, pile, before) {
      const from = card.closest(".pile");
      const list = pile.querySelector(".pile__cards");
      list.insertBefore(card, before === undefined ? list.firstElementChild : before);
      count(from, -1);
      count(pile, 1);
      card.querySelectorAll("button[name=stage]").forEach((button) => {
        button.disabled = button.value === pile.dataset.stage;
      });
    }

    // Shown at once; put back where the server refuses.
    async function move(card, pile) {
      const from = card.closest(".pile");
      const next = card.nextElementSibling;
      if (!pile || pile === from) return;
      // A node that is put elsewhere loses the focus.
      const held = card.contains(document.activeElement);
      place(card, pile);
      if (held) card.querySelector("a").focus();
      let answer;
      try {
        answer = await fetch(card.querySelector("form[data-moves]").action, {
          method: "POST",
          body: new URLSearchParams({ stage: pile.dataset.stage }),
          headers: { ...csrf, Accept: "application/json" },
        });
      } catch {
        answer = { ok: false };
      }
      if (answer.ok) {
        const told = { lead: card.dataset.name, stage: pile.dataset.name };
        say(board.dataset.moved.replace(/\{(\w+)\}/g, (hole, name) => told[name] ?? hole));
        return;
      }
      const stillHeld = card.contains(document.activeElement);
      place(card, from, next);
      if (stillHeld) card.querySelector("a").focus();
      say(board.dataset.failed);
      window.leadwireToast?.(board.dataset.failed, "error");
    }

    board.addEventListener("dragstart", (event) => {
      dragged = event.target.closest(".lead-card[draggable=true]");
      if (!dragged) return;
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", dragged.dataset.name);
      dragged.classList.add("lead-card--dragged");
    });
    board.addEventListener("dragover", (event) => {
      const pile = event.target.closest(".pile");
      if (!dragged || !pile) return;
      event.preventDefault();
      piles().forEach((each) => each.classList.toggle("pile--over", each === pile));
    });
    board.addEventListener("drop", (event) => {
      const pile = event.target.closest(".pile");
      if (!dragged || !pile) return;
      event.preventDefault();
      move(dragged, pile);
    });
    board.addEventListener("dragend", () => {
      dragged?.classList.remove("lead-card--dragged");
      dragged = null;
      piles().forEach((each) => each.classList.remove("pile--over"));
    });

    board.addEventListener("submit", (event) => {
      const form = event.target.closest("form[data-moves]");
      if (!form || !event.submitter) return;
      event.preventDefault();
      form.closest("details").removeAttribute("open");
      const card = form.closest(".lead-card");
      card.querySelector("a").focus();
      move(card, piles().find((pile) => pile.dataset.stage === event.submitter.value));
    });

    // Arrow keys walk over the cards; with Shift they take the card along.
    board.addEventListener("keydown", (event) => {
      const card = event.target.closest(".lead-card");
      if (!card || event.target.closest("details") || event.altKey || event.ctrlKey || event.metaKey) return;
      const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const all = piles();
      const here = all.indexOf(card.closest(".pile"));
      if (event.key === "ArrowUp" || event.key === "ArrowDown") {
        const column = cards(all[here]);
        column[column.indexOf(card) + step]?.querySelector("a").focus();
        return;
      }
      const turned = getComputedStyle(board).direction === "rtl" ? -step : step;
      if (event.shiftKey) {
        if (card.draggable) move(card, all[here + turned]);
        return;
      }
      for (let at = here + turned; at >= 0 && at < all.length; at += turned) {
        const column = cards(all[at]);
        if (!column.length) continue;
        column[Math.min(cards(all[here]).indexOf(card), column.length - 1)].querySelector("a").focus();
        return;
      }
    });
  }

  // -- ticking in the list
  const all = document.querySelector("[data-ticks-all]");
  const said = document.querySelector("[data-ticked]");
  if (all && said) {
    const boxes = [...document.querySelectorAll("input[name=lead]")];
    const start = said.textContent;
    const show = () => {
      const count = boxes.filter((box) => box.checked).length;
      said.textContent = count ? `${count} ${said.dataset.ticked}` : start;
      all.checked = count === boxes.length;
      all.indeterminate = count > 0 && count < boxes.length;
    };
    all.addEventListener("change", () => {
      boxes.forEach((box) => (box.checked = all.checked));
      show();
    });
    boxes.forEach((box) => box.addEventListener("change", show));
  }
})();
