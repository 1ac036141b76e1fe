// Stream and reference side by side and in step, from sealed media. The page has a download of both
// for browsers without this script.
"use strict";
(() => {
  const player = document.querySelector("[data-player]");
  if (!player) return;
  const said = player.querySelector("[data-said]");
  const button = player.querySelector("[data-play]");
  const slider = player.querySelector("[data-at]");
  const speed = Number(player.dataset.speed) || 1;
  const sides = [...player.querySelectorAll("video")].map((video) => ({
    video,
    moment: Number(video.dataset.moment), // in the time of its media
    starts: null, // the media time at which its picture begins
    whole: false, // all of it is there, so that its length is known
  }));
  const [reference, suspect] = sides;

  function fail(words) {
    said.textContent = words;
    said.hidden = false;
  }

  // The same instant in both: seconds before or after the moment that was compared.
  const place = (side, offset) => side.moment - side.starts + offset * (side === reference ? speed : 1);
  const offset = () => suspect.video.currentTime + suspect.starts - suspect.moment;

  function bounds() {
    const before = Math.min(...sides.map((side) => (side.moment - side.starts) / (side === reference ? speed : 1)));
    const after = Math.min(
      ...sides.map((side) => (side.video.duration - (side.moment - side.starts)) / (side === reference ? speed : 1)),
    );
    return [-Math.max(0, before), Math.max(0, after)];
  }

  function seek(to) {
    for (const side of sides) side.video.currentTime = Math.max(0, place(side, to));
  }

  function ready() {
    if (!button.disabled || sides.some((side) => side.starts === null || !side.whole)) return;
    const [low, high] = bounds();
    slider.min = low.toFixed(2);
    slider.max = Math.max(low, high - 0.05).toFixed(2);
    slider.value = "0";
    seek(Math.max(low, 0));
    reference.video.playbackRate = speed;
    button.disabled = slider.disabled = false;
    player.dataset.ready = "yes";
  }

  for (const side of sides) {
    if (!window.Hls || !Hls.isSupported()) return fail(player.dataset.unsupported);
    const hls = new Hls({ enableWorker: false, maxBufferLength: 600, maxMaxBufferLength: 600 });
    hls.on(Hls.Events.INIT_PTS_FOUND, (_, found) => {
      side.starts ??= found.initPTS / found.timescale;
      ready();
    });
    hls.on(Hls.Events.BUFFERED_TO_END, () => {
      side.whole = true;
      setTimeout(ready, 0); // the player sets the length after this
    });
    hls.on(Hls.Events.ERROR, (_, error) => error.fatal && fail(`${player.dataset.broken} (${error.details})`));
    hls.loadSource(side.video.dataset.playlist);
    hls.attachMedia(side.video);
  }

  button.addEventListener("click", async () => {
    if (!suspect.video.paused) return sides.forEach((side) => side.video.pause());
    if (offset() >= Number(slider.max) - 0.1) seek(Number(slider.min));
    await Promise.all(sides.map((side) => side.video.play())).catch((error) => fail(String(error)));
  });
  for (const name of ["play", "pause"]) {
    suspect.video.addEventListener(name, () => {
      button.setAttribute("aria-pressed", String(!suspect.video.paused));
    });
  }
  slider.addEventListener("input", () => seek(Number(slider.value)));
  player.querySelector("[data-sound]").addEventListener("change", (event) => {
    reference.video.muted = event.target.value !== "reference";
    suspect.video.muted = event.target.value !== "suspect";
  });
  // Two players drift: the reference follows the stream, and both end together.
  setInterval(() => {
    if (suspect.video.paused || suspect.starts === null) return;
    const now = offset();
    slider.value = now.toFixed(2);
    if (Math.abs(reference.video.currentTime - place(reference, now)) > 0.08) {
      reference.video.currentTime = Math.max(0, place(reference, now));
    }
    if (now >= Number(slider.max)) sides.forEach((side) => side.video.pause());
  }, 250);
})();
