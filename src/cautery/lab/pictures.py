"""Paints the lab's moving pictures: shots of textures, bodies and cameras that never repeat.

A picture is one planar YUV 4:2:0 array; everything is slices of a texture per shot and a few
rectangles or ellipses a frame, since the whole world must be painted in seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from cautery.lab.glyphs import text_mask
from cautery.model.media import ByteArray

WIDTH, HEIGHT = 320, 180
FPS = 25
"""Frames a second of every painted picture."""


class Canvas:
    """One picture: luma and the two chroma planes as views of a single array."""

    def __init__(self) -> None:
        self.planes: ByteArray = np.zeros((HEIGHT * 3 // 2, WIDTH), np.uint8)
        self.luma: ByteArray = self.planes[:HEIGHT]
        quarter = HEIGHT // 4
        self.blue: ByteArray = self.planes[HEIGHT : HEIGHT + quarter].reshape(HEIGHT // 2, -1)
        self.red: ByteArray = self.planes[HEIGHT + quarter :].reshape(HEIGHT // 2, -1)

    def copy_from(self, other: Canvas) -> None:
        """Take over another picture."""
        self.planes[:] = other.planes

    def box(
        self, top: int, left: int, rows: int, columns: int, colour: tuple[int, int, int]
    ) -> None:
        """Fill a rectangle, cut at the picture's edges."""
        bottom, right = min(top + rows, HEIGHT), min(left + columns, WIDTH)
        top, left = max(top, 0), max(left, 0)
        if top >= bottom or left >= right:
            return
        self.luma[top:bottom, left:right] = colour[0]
        half = (slice(top // 2, (bottom + 1) // 2), slice(left // 2, (right + 1) // 2))
        self.blue[half] = colour[1]
        self.red[half] = colour[2]

    def words(self, top: int, left: int, words: str, *, scale: int = 2, luma: int = 235) -> None:
        """Write a text, cut at the picture's edges."""
        mask = text_mask(words, scale)
        skip = max(-left, 0)
        left = max(left, 0)
        room = self.luma[top : top + mask.shape[0], left : left + mask.shape[1] - skip]
        if room.size:
            np.copyto(room, luma, where=mask[: room.shape[0], skip : skip + room.shape[1]] > 0)


class Painter(Protocol):
    """Paints frame ``index`` (at :data:`FPS`) of a timeline; frames are asked for in order."""

    def paint(self, index: int, canvas: Canvas) -> None:
        """Paint one frame over whatever the canvas held."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How a channel looks: lengths of its shots, their motion, light and furniture."""

    shot_s: tuple[float, float]
    pan: float = 12.0
    bodies: tuple[int, int] = (1, 4)
    body_size: tuple[int, int] = (20, 70)
    body_speed: float = 30.0
    grain: tuple[int, int] = (4, 14)
    steps: int = 6
    light: tuple[int, int] = (50, 190)
    colour: int = 50
    flash: float = 0.0
    letterbox: int = 0
    still: float = 0.15
    inset: bool = False
    ticker: bool = False
    caption: str = ""


STYLES: dict[str, Style] = {
    "film": Style(shot_s=(2.5, 9), pan=9, letterbox=20, light=(25, 150), steps=10, colour=30),
    "talk": Style(
        shot_s=(4, 12), pan=0, bodies=(2, 3), body_size=(50, 90), body_speed=7, still=0.6
    ),
    "music": Style(shot_s=(0.6, 2.2), pan=70, bodies=(3, 8), body_speed=120, flash=0.5, steps=4),
    "news": Style(shot_s=(5, 11), pan=4, bodies=(1, 2), body_speed=9, inset=True, ticker=True),
    "sport-talk": Style(shot_s=(3, 8), pan=5, bodies=(2, 4), body_speed=12, inset=True, colour=70),
    "documentary": Style(shot_s=(4, 10), pan=26, bodies=(0, 3), grain=(8, 24), steps=14, colour=40),
    "kids": Style(shot_s=(1.5, 5), pan=35, bodies=(5, 11), body_speed=80, steps=3, colour=90),
    "advert": Style(shot_s=(0.8, 2.0), pan=50, bodies=(2, 5), body_speed=90, steps=3, colour=100),
    "room": Style(
        shot_s=(8, 16), pan=0, bodies=(3, 4), body_size=(40, 70), body_speed=11, still=0.9
    ),
}


def _smooth(
    rng: np.random.Generator, cells: tuple[int, int], size: tuple[int, int]
) -> NDArray[np.float32]:
    """Return bilinear noise in 0..1 of ``size`` from a grid of ``cells``.

    Without a matrix product on purpose: BLAS threads would spin on both cores.
    """
    grid = rng.random(cells, dtype=np.float32)
    top, down = _ramp(cells[0], size[0])
    left, across = _ramp(cells[1], size[1])
    tall = grid[top] + (grid[top + 1] - grid[top]) * down[:, None]
    return tall[:, left] + (tall[:, left + 1] - tall[:, left]) * across


def _ramp(cells: int, length: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return, for each of ``length`` places, the cell before it and how far past it lies."""
    place = np.linspace(0, cells - 1, length, dtype=np.float32)
    before = np.minimum(place.astype(np.int64), cells - 2)
    return before, (place - before).astype(np.float32)


def texture(
    rng: np.random.Generator, size: tuple[int, int], style: Style
) -> tuple[ByteArray, ByteArray, ByteArray]:
    """Return a background of luma ``size`` with posterised edges, and its half-size chroma."""
    grain = int(rng.integers(*style.grain))
    field = _smooth(rng, (grain, grain * 2), size)
    coarse = _smooth(rng, (4, 6), size)
    low, high = sorted(rng.integers(*style.light, 2).tolist())
    high = max(high, low + 45)
    luma = np.floor(field * style.steps) / style.steps * 0.7 + coarse * 0.3
    grey = np.clip(low + (high - low) * luma, 16, 235).astype(np.uint8)
    half = (size[0] // 2, size[1] // 2)
    tint = rng.integers(-style.colour, style.colour + 1, 2)
    chroma = [
        np.clip(128 + shift + (_smooth(rng, (4, 6), half) - 0.5) * style.colour, 16, 240)
        for shift in tint
    ]
    return grey, chroma[0].astype(np.uint8), chroma[1].astype(np.uint8)


def cut_list(
    rng: np.random.Generator, frames: int, shot_s: tuple[float, float]
) -> NDArray[np.int64]:
    """Return the first frames of shots that cover ``frames``."""
    starts = [0]
    while starts[-1] < frames:
        starts.append(starts[-1] + max(6, int(rng.uniform(*shot_s) * FPS)))
    return np.array(starts)


@dataclass(slots=True)
class _Body:
    mask: NDArray[np.bool_]
    small: NDArray[np.bool_]
    colour: tuple[int, int, int]
    at: tuple[float, float]
    speed: tuple[float, float]
    sway: tuple[float, float, float]


class Scenes:
    """A channel of one :class:`Style`: each shot has its own set, light, bodies and camera."""

    def __init__(self, seed: int, style: Style, frames: int) -> None:
        self._seed, self._style = seed, style
        rng = np.random.default_rng([seed, 11])
        self._starts = cut_list(rng, frames, style.shot_s)
        self._shot = -1
        self._headline = "".join(rng.choice(list("ABDEGIKLMNOPRSTUVZ   "), 240).tolist())

    def paint(self, index: int, canvas: Canvas) -> None:
        """Paint one frame."""
        shot = int(np.searchsorted(self._starts, index, side="right")) - 1
        if shot != self._shot:
            self._open(shot)
        style = self._style
        t = (index - int(self._starts[shot])) / FPS
        top, left = self._camera(t)
        rows, columns = slice(top, top + HEIGHT), slice(left, left + WIDTH)
        canvas.luma[:] = self._grey[rows, columns]
        half = (slice(top // 2, top // 2 + HEIGHT // 2), slice(left // 2, left // 2 + WIDTH // 2))
        canvas.blue[:], canvas.red[:] = self._blue[half], self._red[half]
        for body in self._bodies:
            _draw(canvas, body, t)
        if style.flash and self._flash and (int(t * self._flash) % 2):
            canvas.luma[:] = 255 - canvas.luma
        if style.inset:
            self._draw_inset(canvas, t)
        if style.ticker:
            canvas.box(164, 0, 16, WIDTH, (200, 120, 136))
            place = int(index / FPS * 40) % (8 * len(self._headline))
            canvas.words(167, -(place % 8), self._words_from(place // 8), luma=30)
        if style.letterbox:
            canvas.box(0, 0, style.letterbox, WIDTH, (16, 128, 128))
            canvas.box(HEIGHT - style.letterbox, 0, style.letterbox, WIDTH, (16, 128, 128))
        if style.caption:
            canvas.box(4, 4, 16, 8 * len(style.caption) + 6, (40, 150, 110))
            canvas.words(7, 8, style.caption)

    def _words_from(self, place: int) -> str:
        return (self._headline + self._headline)[place : place + WIDTH // 8 + 2]

    def _camera(self, t: float) -> tuple[int, int]:
        # A triangle wave over the room that there is: the camera turns back at the texture's edges.
        room_y, room_x = self._grey.shape[0] - HEIGHT, self._grey.shape[1] - WIDTH
        shift = self._pan * t
        top = (
            int(abs((self._begin[0] + shift[0] + room_y) % (2 * room_y) - room_y)) if room_y else 0
        )
        left = int(abs((self._begin[1] + shift[1] + room_x) % (2 * room_x) - room_x))
        # Even places, since the chroma planes have half the size.
        return min(top, room_y) & ~1, min(left, room_x) & ~1

    def _open(self, shot: int) -> None:
        rng = np.random.default_rng([self._seed, 12, shot])
        style = self._style
        self._shot = shot
        self._grey, self._blue, self._red = texture(rng, (HEIGHT + 40, WIDTH + 160), style)
        angle, speed = rng.uniform(0, 2 * np.pi), style.pan * rng.uniform(0.4, 1.6)
        moves = rng.random() >= style.still
        self._pan = np.array([np.sin(angle) * 0.4, np.cos(angle)]) * (speed if moves else 0.0)
        self._begin = np.array([rng.uniform(0, 40), rng.uniform(0, 160)])
        self._flash = float(rng.uniform(2, 7)) if rng.random() < style.flash else 0.0
        count = int(rng.integers(style.bodies[0], style.bodies[1] + 1))
        self._bodies = [_body(rng, style) for _ in range(count)]
        self._inset = texture(rng, (70, 110), STYLES["documentary"])[0]
        self._inset_at = (int(rng.integers(8, 40)) & ~1, int(rng.integers(170, 200)) & ~1)

    def _draw_inset(self, canvas: Canvas, t: float) -> None:
        top, left = self._inset_at
        shift = int(abs(np.sin(t * 0.9)) * 18)
        canvas.box(top - 2, left - 2, 66, 96, (220, 128, 128))
        canvas.luma[top : top + 62, left : left + 92] = self._inset[4:66, shift : shift + 92]


def _body(rng: np.random.Generator, style: Style) -> _Body:
    rows = int(rng.integers(*style.body_size)) & ~1
    columns = max(10, int(rows * rng.uniform(0.5, 1.1))) & ~1
    y, x = np.ogrid[-1 : 1 : rows * 1j, -1 : 1 : columns * 1j]
    kind = rng.integers(3)
    if kind == 0:
        mask = y * y + x * x < 1
    elif kind == 1:
        mask = (y * y + (x * 2.2) ** 2 < 0.5) | ((y > 0.1) & (abs(x) < 0.4 + 0.5 * y))
    else:
        mask = (abs(x) + abs(y)) < 1
    low, high = style.light
    colour = (
        int(rng.integers(max(low - 20, 16), min(high + 45, 235))),
        int(128 + rng.integers(-style.colour, style.colour + 1)),
        int(128 + rng.integers(-style.colour, style.colour + 1)),
    )
    return _Body(
        mask=mask,
        small=mask[::2, ::2],
        colour=colour,
        at=(float(rng.uniform(10, HEIGHT - 60)), float(rng.uniform(10, WIDTH - 60))),
        speed=tuple((rng.uniform(-1, 1, 2) * style.body_speed).tolist()),
        sway=tuple(rng.uniform([2, 0.5, 0], [14, 4, 6]).tolist()),
    )


def _draw(canvas: Canvas, body: _Body, t: float) -> None:
    rows, columns = body.mask.shape
    sway = body.sway[0] * np.sin(body.sway[1] * t * 2 * np.pi + body.sway[2])
    room_y, room_x = HEIGHT - rows, WIDTH - columns
    top = int(abs((body.at[0] + body.speed[0] * t + sway) % (2 * room_y) - room_y)) & ~1
    left = int(abs((body.at[1] + body.speed[1] * t) % (2 * room_x) - room_x)) & ~1
    np.copyto(canvas.luma[top : top + rows, left : left + columns], body.colour[0], where=body.mask)
    half = (slice(top // 2, top // 2 + rows // 2), slice(left // 2, left // 2 + columns // 2))
    np.copyto(canvas.blue[half], body.colour[1], where=body.small)
    np.copyto(canvas.red[half], body.colour[2], where=body.small)


class Slate:
    """A static card, or black."""

    def __init__(self, seed: int, *, black: bool = False) -> None:
        self._canvas = Canvas()
        self._canvas.box(0, 0, HEIGHT, WIDTH, (16, 128, 128))
        if not black:
            rng = np.random.default_rng([seed, 13])
            tint = (
                int(rng.integers(60, 140)),
                int(rng.integers(90, 170)),
                int(rng.integers(90, 170)),
            )
            self._canvas.box(20, 40, 140, 240, tint)
            self._canvas.words(80, 70, "BACK SOON", scale=5)

    def paint(self, index: int, canvas: Canvas) -> None:  # noqa: ARG002 - every frame is the same
        """Paint the card."""
        canvas.copy_from(self._canvas)
