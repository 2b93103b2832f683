// Loaded before the page is painted, so that a chosen theme never flashes. Addresses of a place in a fold open it.
"use strict";
(() => {
  const root = document.documentElement;
  const remembered = () => {
    try { return localStorage.getItem("theme"); } catch { return null; }
  };
  const remember = (theme) => {
    try { localStorage.setItem("theme", theme); } catch { /* a private window: the choice holds for this page */ }
  };
  const chosen = remembered();
  if (chosen === "dark" || chosen === "light") root.dataset.theme = chosen;
  const isDark = () => (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme");
    const say = () => button.setAttribute("aria-pressed", String(isDark()));
    button.hidden = false;
    button.addEventListener("click", () => {
      root.dataset.theme = isDark() ? "light" : "dark";
      remember(root.dataset.theme);
      say();
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", say);
    say();
    const unfold = () => {
      const place = document.getElementById(location.hash.slice(1));
      const fold = place?.closest("details.fold");
      if (!fold || fold.open) return;
      fold.open = true;
      place.scrollIntoView();
    };
    addEventListener("hashchange", unfold);
    unfold();
  });
})();
