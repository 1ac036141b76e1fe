// The room's keys, and the panel beside the page. Every page works without this script.
"use strict";
(() => {
  const $ = (selector, from = document) => from.querySelector(selector);
  const rows = () => [...document.querySelectorAll("main tr.row")];
  let led = false; // "g" was pressed: the next letter goes somewhere

  function step(by) {
    const all = rows();
    const place = all.findIndex((row) => row.classList.contains("here"));
    const next = all[Math.min(all.length - 1, Math.max(0, place < 0 ? 0 : place + by))];
    if (!next) return;
    all.forEach((row) => row.classList.toggle("here", row === next));
    const link = $("a", next);
    if (link) link.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  }

  // A part that loads itself anew keeps the row on which somebody stands.
  let stood = null;
  document.addEventListener("htmx:beforeSwap", () => {
    stood = $("tr.row.here a")?.getAttribute("href") ?? null;
  });
  document.addEventListener("htmx:afterSwap", () => {
    if (!stood || $("main tr.row.here")) return;
    const link = $(`main tr.row a[href="${CSS.escape(stood)}"]`);
    link?.closest("tr").classList.add("here");
    if (document.activeElement === document.body) link?.focus({ preventScroll: true });
  });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") {
      $("#panel")?.replaceChildren();
      if (event.target.matches("input, select, textarea")) event.target.blur();
      return;
    }
    if (event.target.matches("input, select, textarea, video")) return;
    const way = led ? $(`a[data-key="${CSS.escape(event.key)}"]`) : null;
    const was = led;
    led = !led && event.key === "g";
    if (was) {
      if (way) way.click();
    } else if (event.key === "j" || event.key === "k") step(event.key === "j" ? 1 : -1);
    else if (event.key === "o") $("tr.row.here a")?.href && location.assign($("tr.row.here a").href);
    else if (event.key === "?") $('a[data-key="?"]')?.click();
    else if (event.key === "/" && $('input[data-key="/"]')) {
      event.preventDefault();
      ($('main input[data-key="/"]') ?? $('input[data-key="/"]')).focus();  // the page's own first
    }
  });
})();
