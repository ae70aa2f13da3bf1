/* What every page can do with JavaScript. Each page reads and submits without it. */
"use strict";

(() => {
  const root = document.documentElement;

  // -- colour scheme: the cookie is read by the server, so the next page opens right away in it
  const ICONS = { dark: "moon", light: "sun", auto: "contrast" };
  const NEXT = { dark: "light", light: "auto", auto: "dark" };
  // Unfold's pages are dressed by a class, which its own script sets once and from its own memory.
  const night = matchMedia("(prefers-color-scheme: dark)");
  function wear() {
    if (!root.hasAttribute("x-bind")) return;
    const chosen = /(?:^|; )theme=(dark|light)/.exec(document.cookie)?.[1];
    const dark = chosen ? chosen === "dark" : night.matches;
    root.classList.toggle("dark", dark);
    root.classList.toggle("light", !dark);
  }
  night.addEventListener("change", wear);
  document.addEventListener("alpine:initialized", wear);
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("[data-theme-form]");
    if (!form) return;
    event.preventDefault();
    const button = form.querySelector("button");
    const chosen = button.value;
    document.cookie = `theme=${chosen};path=/;max-age=31536000;samesite=lax`;
    if (chosen === "auto") delete root.dataset.theme;
    else root.dataset.theme = chosen;
    wear();
    button.value = NEXT[chosen];
    const use = button.querySelector("use");
    use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#${ICONS[chosen]}`));
  });

  // -- a form is sent once
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.hasAttribute("hx-post") || form.method !== "post") return;
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "1";
    // Not disabled: a disabled button would not be part of what is sent.
    event.submitter?.setAttribute("aria-busy", "true");
  });
  window.addEventListener("pageshow", () => {
    document.querySelectorAll("form[data-sent]").forEach((form) => {
      delete form.dataset.sent;
      form.querySelector("[aria-busy]")?.removeAttribute("aria-busy");
    });
  });

  // -- toasts
  const toasts = () => document.getElementById("toasts");
  function fade(toast, after) {
    setTimeout(() => toast.remove(), after);
  }
  window.leadwireToast = (text, tone = "info") => {
    const box = toasts();
    if (!box) return;
    const toast = document.createElement("div");
    toast.className = `notice toast notice--${tone}`;
    const body = document.createElement("div");
    body.textContent = text;
    toast.append(body);
    box.append(toast);
    fade(toast, 6000);
  };
  document.querySelectorAll(".toast.notice--success, .toast.notice--info").forEach((toast) => fade(toast, 6000));

  // -- clicks
  document.addEventListener("click", async (event) => {
    const target = event.target;
    target.closest("[data-dismiss]")?.closest(".toast")?.remove();
    target.closest("[data-close]")?.closest("details, dialog")?.removeAttribute("open");
    const opener = target.closest("[data-dialog]");
    if (opener) document.getElementById(opener.dataset.dialog)?.showModal();
    const copier = target.closest("[data-copy]");
    if (copier) {
      const field = document.getElementById(copier.dataset.copy);
      field.select();
      try {
        await navigator.clipboard.writeText(field.value);
      } catch {
        document.execCommand("copy"); // http:// pages have no clipboard API
      }
      const word = copier.querySelector("span");
      const before = word.textContent;
      word.textContent = copier.dataset.done;
      setTimeout(() => (word.textContent = before), 2000);
    }
    // an open confirmation closes when one clicks elsewhere
    document.querySelectorAll("details.confirm[open]").forEach((box) => {
      if (!box.contains(target)) box.removeAttribute("open");
    });
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    document.querySelectorAll("details.confirm[open]").forEach((box) => {
      box.removeAttribute("open");
      box.querySelector("summary").focus();
    });
    if (location.hash === "#menu") location.hash = "";
  });

  // -- what is wider than its window is scrolled by keyboard, too: not every browser stops there
  const wide = new ResizeObserver((boxes) => boxes.forEach(({ target }) => {
    if (target.scrollWidth > target.clientWidth || target.scrollHeight > target.clientHeight) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }));
  document.querySelectorAll(".table-wrap, .card__body, pre").forEach((box) => {
    if (/auto|scroll/.test(getComputedStyle(box).overflow) && !box.hasAttribute("tabindex")) wide.observe(box);
  });

  // -- sign-up: the address follows the company's name until it is typed by hand
  const name = document.querySelector("[data-names-address]");
  const address = document.querySelector("[data-address]");
  if (name && address) {
    let typed = address.value !== "";
    address.addEventListener("input", () => (typed = true));
    name.addEventListener("input", () => {
      if (typed) return;
      address.value = name.value
        .normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase()
        .replace(/[^a-z0-9]+/g, "-").replace(/^[^a-z]+|-+$/g, "").slice(0, 40);
    });
  }

  // -- a slider says where it stands
  document.querySelectorAll("input[data-shows-value]").forEach((slider) => {
    const value = document.createElement("output");
    value.className = "muted num";
    slider.after(value);
    const show = () => (value.textContent = `${slider.value} %`);
    slider.addEventListener("input", show);
    show();
  });

  // -- fields shown for one choice only
  document.querySelectorAll("[data-submits-on-change]").forEach((field) => {
    field.addEventListener("change", () => field.form.requestSubmit());
  });
})();
