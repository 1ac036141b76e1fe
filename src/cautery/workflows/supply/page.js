"use strict";
// Search, zoom and what one asset is: all of it is in the tables, which stand without this.
(() => {
  const pan = document.querySelector(".pan");
  const svg = pan.querySelector("svg");
  const about = document.getElementById("about");
  const search = document.getElementById("search");
  const told = document.getElementById("told");
  const rows = [...svg.querySelectorAll(".row")];
  const paths = [...svg.querySelectorAll("path[data-from]")];
  const lines = [...document.querySelectorAll("tbody tr")];
  const wide = svg.viewBox.baseVal.width;
  const high = svg.viewBox.baseVal.height;
  const wider = document.getElementById("wider");
  let scale = 1;
  let zoomed = false;
  let shown = null;

  const zoom = (to, x = pan.clientWidth / 2, y = pan.clientHeight / 2) => {
    const was = scale;
    scale = Math.min(4, Math.max(0.1, to));
    svg.style.width = `${wide * scale}px`;
    svg.style.height = `${high * scale}px`;
    pan.scrollLeft = ((pan.scrollLeft + x) * scale) / was - x;
    pan.scrollTop = ((pan.scrollTop + y) * scale) / was - y;
    wider.hidden = pan.scrollWidth <= pan.clientWidth + 1;
  };
  const fit = () => zoom(Math.min(1, pan.clientWidth / wide));
  // Whole where its words can still be read; on a small screen it is read by scrolling.
  const begin = () => {
    fit();
    if (scale < 0.5) zoom(0.8);
    pan.scrollTo(0, 0);
  };

  const item = (list, term, values) => {
    if (!values.length) return;
    const dt = document.createElement("dt");
    dt.textContent = term;
    list.append(dt);
    for (const value of values) {
      const dd = document.createElement("dd");
      dd.textContent = value;
      list.append(dd);
    }
  };
  const describe = (row) => {
    about.replaceChildren();
    const title = document.createElement("h2");
    title.textContent = row.querySelector("text").textContent;
    const list = document.createElement("dl");
    const names = new Set(row.dataset.assets.split("\n"));
    const heads = [...document.querySelectorAll("#assets th")].map((one) => one.textContent);
    const own = [...document.querySelectorAll("#assets tbody tr")].filter((one) =>
      names.has(one.cells[0].textContent));
    if (own.length === 1) {
      heads.forEach((head, at) => item(list, head, own[0].cells[at].textContent ?
        [own[0].cells[at].textContent] : []));
    } else {
      item(list, `${own.length} assets`, own.map((one) => one.cells[0].textContent));
    }
    const ties = [...document.querySelectorAll("#relations tbody tr")].filter((one) =>
      names.has(one.cells[0].textContent) || names.has(one.cells[2].textContent));
    item(list, `relations (${ties.length})`, ties.slice(0, 200).map((one) =>
      [...one.cells].map((cell) => cell.textContent).join(" ")));
    about.append(title, list);
    about.classList.add("open");
  };
  const quiet = () => {
    svg.classList.remove("quiet");
    about.classList.remove("open");
    for (const one of [...rows, ...paths]) one.classList.remove("lit");
  };
  const pick = (row) => {
    quiet();
    const near = new Set([row.dataset.row]);
    for (const one of paths) {
      if (one.dataset.from === row.dataset.row || one.dataset.to === row.dataset.row) {
        one.classList.add("lit");
        near.add(one.dataset.from).add(one.dataset.to);
      }
    }
    for (const one of rows) one.classList.toggle("lit", near.has(one.dataset.row));
    svg.classList.add("quiet");
    describe(row);
  };

  const find = () => {
    const asked = search.value.trim().toLowerCase();
    // A name that begins as asked comes before one that only holds it: a panel before its streams.
    const fits = (one) => Math.min(...one.dataset.assets.toLowerCase().split("\n").map((name) =>
      name === asked ? 0 : name.startsWith(asked) ? 1 : name.includes(asked) ? 2 : 3));
    const found = asked ? rows.map((one) => [fits(one), one]).filter(([fit]) => fit < 3)
      .sort(([a], [b]) => a - b).map(([, one]) => one) : [];
    const hit = new Set(found);
    for (const one of rows) one.classList.toggle("found", hit.has(one));
    for (const one of lines) {
      one.classList.toggle("hidden", Boolean(asked) && !one.textContent.toLowerCase().includes(asked));
    }
    told.textContent = asked ? `${found.length} ${found.length === 1 ? "row" : "rows"} of the picture` : "";
    return found;
  };
  const show = (row) => {
    const at = row.getBoundingClientRect();
    const view = pan.getBoundingClientRect();
    pan.scrollLeft += at.left - view.left - view.width / 3;
    pan.scrollTop += at.top - view.top - view.height / 2;
    pick(row);
  };

  search.addEventListener("input", find);
  search.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    const found = find();
    if (found.length) {
      zoomed = true;
      if (scale < 0.7) zoom(1);
      shown = found[(found.indexOf(shown) + 1) % found.length];
      show(shown);
    }
  });
  document.getElementById("in").addEventListener("click", () => { zoomed = true; zoom(scale * 1.3); });
  document.getElementById("out").addEventListener("click", () => { zoomed = true; zoom(scale / 1.3); });
  document.getElementById("fit").addEventListener("click", () => { zoomed = true; fit(); });
  document.getElementById("full").addEventListener("click", () => { zoomed = true; zoom(1); });
  pan.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    zoomed = true;
    const view = pan.getBoundingClientRect();
    zoom(scale * (event.deltaY < 0 ? 1.15 : 1 / 1.15), event.clientX - view.left, event.clientY - view.top);
  }, { passive: false });
  let held = null;
  pan.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "mouse" && event.button === 0) {
      held = { x: event.clientX, y: event.clientY, left: pan.scrollLeft, top: pan.scrollTop };
    }
  });
  pan.addEventListener("pointermove", (event) => {
    if (!held) return;
    pan.scrollLeft = held.left + held.x - event.clientX;
    pan.scrollTop = held.top + held.y - event.clientY;
  });
  addEventListener("pointerup", () => { held = null; });
  svg.addEventListener("click", (event) => {
    const row = event.target.closest(".row");
    if (row) pick(row); else quiet();
  });
  for (const one of rows) {
    one.setAttribute("tabindex", "0");
    one.addEventListener("keydown", (event) => { if (event.key === "Enter") pick(one); });
  }
  addEventListener("keydown", (event) => { if (event.key === "Escape") quiet(); });
  document.documentElement.classList.add("scripted");
  begin();
  addEventListener("resize", () => { if (zoomed) zoom(scale); else begin(); });
  const asked = decodeURIComponent(location.hash.slice(1));
  if (asked) { search.value = asked; const [first] = find(); if (first) show(first); }
})();
