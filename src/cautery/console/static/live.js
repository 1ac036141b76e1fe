// A page of a case that somebody watches: its clocks, and its parts, which the server sends anew
// whenever the case grew. Without this script the page loads itself again every ten seconds.
"use strict";
(() => {
  const live = document.querySelector("[data-stream]");
  const said = (state) => document.documentElement.setAttribute("data-line", state);

  // Clocks that run between two messages: from now to a moment, or since then.
  function tick() {
    if (!live) return;
    for (const clock of document.querySelectorAll("[data-moment]")) {
      const left = (Date.parse(clock.dataset.moment) - Date.now()) / 1000;
      const whole = Math.floor(Math.abs(left));
      const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
      const shown = parts.slice(parts[0] ? 0 : 1).map((part) => String(part).padStart(2, "0"));
      const words = left > 0 ? clock.dataset.before : clock.dataset.since;
      clock.textContent = words.replace("…", shown.join(":"));
    }
  }
  tick();
  if (!live) return;
  setInterval(tick, 1000);

  // Each part replaces the one of its id, so that a message that comes twice changes nothing. A
  // stream that broke is asked again from the position of its last message, at most every ten
  // seconds; a hidden page has none, since a browser opens six connections to one server.
  let source = null;
  let last = live.dataset.position;
  let wait = 500;
  let timer = 0;

  function take(event) {
    last = event.lastEventId || last;
    wait = 500;
    said("open");
    const parts = new DOMParser().parseFromString(event.data, "text/html");
    for (const part of parts.querySelectorAll("[data-live]")) {
      const old = document.getElementById(part.id);
      if (!old || old.isEqualNode(part)) continue;
      const at = document.activeElement;
      const [name, place] = at.matches("button") ? ["aria-label", "button"] : ["href", "a"];
      const focused = old.contains(at) ? at.getAttribute(name) : null;
      old.replaceChildren(...part.childNodes);
      if (focused) old.querySelector(`${place}[${name}="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
    }
    tick();
  }

  function open() {
    clearTimeout(timer);
    source?.close();
    if (document.hidden) return;
    source = new EventSource(`${live.dataset.stream}?last=${encodeURIComponent(last)}`);
    source.addEventListener("parts", take);
    source.addEventListener("open", () => said("open"));
    source.addEventListener("error", () => {
      said("lost");
      source.close();
      // Whose login is over is asked who it is; a line that is lost for another reason is no login.
      fetch("/keys").then((answer) => answer.status === 401 && location.reload(), () => {});
      timer = setTimeout(open, wait);
      wait = Math.min(wait * 2, 10000);
    });
  }

  document.addEventListener("visibilitychange", open);
  addEventListener("pagehide", () => source?.close());
  open();
})();
