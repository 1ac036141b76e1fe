"use strict";
// Search, zoom and what one asset is: all of it is in the tables, which stand without this.
(() => {
  const pan = document.querySelector(".pan");
  const svg = pan.querySelector("svg");
  const about = document.getElementById("about");
  const search = document.getElementById("search");
  const hits = document.getElementById("told");
  const texts = JSON.parse(document.getElementById("texts").textContent);
  const rows = [...svg.querySelectorAll(".row")];
  const paths = [...svg.querySelectorAll("path[data-from]")];
  const lines = [...document.querySelectorAll("tbody tr")];
  const wide = svg.viewBox.baseVal.width;
  const high = svg.viewBox.baseVal.height;
  const wider = document.getElementById("wider");
  const counted = (forms, count) => {
    const late = texts.period + (count % texts.period);
    const form = forms[count] ?? forms[late] ?? forms[forms.length - 1];
    return form.replace("%(count)s", count);
  };
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
    const heads = [...document.querySelectorAll("#assets th")].map((head) => head.textContent);
    const own = [...document.querySelectorAll("#assets tbody tr")].filter((line) =>
      names.has(line.cells[0].textContent));
    if (own.length === 1) {
      heads.forEach((head, at) => item(list, head, own[0].cells[at].textContent ?
        [own[0].cells[at].textContent] : []));
    } else {
      item(list, counted(texts.assets, own.length), own.map((line) => line.cells[0].textContent));
    }
    const ties = [...document.querySelectorAll("#relations tbody tr")].filter((line) =>
      names.has(line.cells[0].textContent) || names.has(line.cells[2].textContent));
    item(list, counted(texts.relations, ties.length), ties.slice(0, 200).map((line) =>
      [...line.cells].map((cell) => cell.textContent).join(" ")));
    about.append(title, list);
    about.classList.add("open");
  };
  const quiet = () => {
    svg.classList.remove("quiet");
    about.classList.remove("open");
    for (const shape of [...rows, ...paths]) shape.classList.remove("lit");
  };
  const pick = (row) => {
    quiet();
    const near = new Set([row.dataset.row]);
    for (const path of paths) {
      if (path.dataset.from === row.dataset.row || path.dataset.to === row.dataset.row) {
        path.classList.add("lit");
        near.add(path.dataset.from).add(path.dataset.to);
      }
    }
    for (const other of rows) other.classList.toggle("lit", near.has(other.dataset.row));
    svg.classList.add("quiet");
    describe(row);
  };

  const find = () => {
    const asked = search.value.trim().toLowerCase();
    // A name that begins as asked comes before one that only holds it: a panel before its streams.
    const fits = (row) => Math.min(...row.dataset.assets.toLowerCase().split("\n").map((name) =>
      name === asked ? 0 : name.startsWith(asked) ? 1 : name.includes(asked) ? 2 : 3));
    const matches = asked ? rows.map((row) => [fits(row), row]).filter(([fit]) => fit < 3)
      .sort(([a], [b]) => a - b).map(([, row]) => row) : [];
    const hit = new Set(matches);
    for (const row of rows) row.classList.toggle("found", hit.has(row));
    for (const line of lines) {
      line.classList.toggle("hidden", Boolean(asked) && !line.textContent.toLowerCase().includes(asked));
    }
    hits.textContent = asked ? counted(texts.rows, matches.length) : "";
    return matches;
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
    const matches = find();
    if (matches.length) {
      zoomed = true;
      if (scale < 0.7) zoom(1);
      shown = matches[(matches.indexOf(shown) + 1) % matches.length];
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
  let grip = null;
  pan.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "mouse" && event.button === 0) {
      grip = { x: event.clientX, y: event.clientY, left: pan.scrollLeft, top: pan.scrollTop };
    }
  });
  pan.addEventListener("pointermove", (event) => {
    if (!grip) return;
    pan.scrollLeft = grip.left + grip.x - event.clientX;
    pan.scrollTop = grip.top + grip.y - event.clientY;
  });
  addEventListener("pointerup", () => { grip = null; });
  svg.addEventListener("click", (event) => {
    const row = event.target.closest(".row");
    if (row) pick(row); else quiet();
  });
  for (const row of rows) {
    row.setAttribute("tabindex", "0");
    row.addEventListener("keydown", (event) => { if (event.key === "Enter") pick(row); });
  }
  addEventListener("keydown", (event) => { if (event.key === "Escape") quiet(); });
  document.documentElement.classList.add("scripted");
  begin();
  addEventListener("resize", () => { if (zoomed) zoom(scale); else begin(); });
  const asked = decodeURIComponent(location.hash.slice(1));
  if (asked) { search.value = asked; const [first] = find(); if (first) show(first); }
})();
