"""Paints a match as a director would show it, and each licensee's graphics over it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cautery.lab.pictures import FPS, HEIGHT, WIDTH, Canvas, Style, cut_list, texture
from cautery.model.media import ByteArray

_PLAYERS = 23
_FIELD = (260, 760)
_CROWD = Style(shot_s=(1, 2), grain=(24, 40), steps=5, light=(30, 200), colour=60)
_FACES = Style(shot_s=(1, 2), grain=(5, 9), steps=7, light=(40, 200), colour=45)
_KINDS = ("pan", "pan", "static", "close", "close", "crowd", "replay")


class Match:
    """Pitch, two sides, a ball; wide pans, static wides, close-ups, stands and replays."""

    def __init__(self, seed: int, frames: int) -> None:
        self._seed = seed
        # The second number keeps this draw apart from those of other parts of the same seed's
        # world.
        rng = np.random.default_rng([seed, 21])
        self._starts = cut_list(rng, frames, (2.0, 9.5))
        self._kinds = rng.choice(_KINDS, len(self._starts))
        self._kinds[0] = "pan"
        self._shot = -1
        self._paths = _paths(rng, frames + FPS)
        self._pitch = _pitch(rng)
        hues = rng.integers(60, 196, (3, 2))
        lights = rng.permutation([60, 140, 220])
        self._shirts = [(int(lights[i]), int(hues[i, 0]), int(hues[i, 1])) for i in range(3)]
        self._bias = rng.normal(0, 70, _PLAYERS)

    def paint(self, index: int, canvas: Canvas) -> None:
        """Paint one frame of the clean feed."""
        shot = int(np.searchsorted(self._starts, index, side="right")) - 1
        if shot != self._shot:
            self._open(shot)
        begin = int(self._starts[shot])
        t = (index - begin) / FPS
        kind = self._kinds[shot]
        if kind in ("close", "crowd"):
            self._paint_near(canvas, t)
        elif kind == "replay":
            past = max(0, begin - 8 * FPS) + (index - begin) // 2
            self._paint_wide(past, canvas, is_still=False)
            canvas.box(0, 0, 4, WIDTH, (210, 90, 160))
            canvas.box(HEIGHT - 4, 0, 4, WIDTH, (210, 90, 160))
        else:
            self._paint_wide(index, canvas, is_still=kind == "static")

    def _paint_wide(self, index: int, canvas: Canvas, *, is_still: bool) -> None:
        ball_x, ball_y = self._paths[index, -1]
        room = _FIELD[1] - WIDTH
        aim = self._fixed if is_still else float(self._paths[max(index - 10, 0), -1, 0])
        left = int(np.clip(aim - WIDTH / 2, 0, room)) & ~1
        top = int(np.clip(self._tilt + (0 if is_still else (ball_y - 150) * 0.25), 0, 79)) & ~1
        grey, blue, red = self._pitch
        canvas.luma[:] = grey[top : top + HEIGHT, left : left + WIDTH]
        half = (slice(top // 2, top // 2 + HEIGHT // 2), slice(left // 2, left // 2 + WIDTH // 2))
        canvas.blue[:], canvas.red[:] = blue[half], red[half]
        size = self._size
        for player in range(_PLAYERS):
            x, y = self._paths[index, player]
            column, row = int(x) - left, int(y) - top
            shirt = self._shirts[0 if player < 11 else 1 if player < 22 else 2]
            canvas.box(row - size, column, size, size // 2 + 2, shirt)
            canvas.box(row, column + 1, size // 2, size // 2, (40, 128, 128))
        canvas.box(int(ball_y) - top, int(ball_x) - left, 4, 4, (235, 128, 128))

    def _paint_near(self, canvas: Canvas, t: float) -> None:
        room_y, room_x = self._near[0].shape[0] - HEIGHT, self._near[0].shape[1] - WIDTH
        top = int(room_y / 2 * (1 + np.sin(t * self._wave[0] + self._wave[2]))) & ~1
        left = int(room_x / 2 * (1 + np.sin(t * self._wave[1] + self._wave[3]))) & ~1
        canvas.luma[:] = self._near[0][top : top + HEIGHT, left : left + WIDTH]
        half = (slice(top // 2, top // 2 + HEIGHT // 2), slice(left // 2, left // 2 + WIDTH // 2))
        canvas.blue[:], canvas.red[:] = self._near[1][half], self._near[2][half]
        if self._kinds[self._shot] == "close":
            sway = int(20 * np.sin(t * self._wave[1] * 2))
            bob = int(8 * np.sin(t * self._wave[0] * 5))
            canvas.box(90 + bob, 100 + sway, 90, 120, self._hero)
            canvas.box(28 + bob, 132 + sway, 66, 54, (175, 112, 152))
            canvas.box(24 + bob, 130 + sway, 16, 58, (50, 122, 134))
            canvas.words(120 + bob, 140 + sway, self._number, scale=8)

    def _open(self, shot: int) -> None:
        rng = np.random.default_rng([self._seed, 22, shot])
        self._shot = shot
        self._fixed = float(rng.uniform(160, 600))
        self._tilt = float(rng.uniform(5, 70))
        self._size = int(rng.integers(7, 14))
        self._wave = rng.uniform([0.4, 0.3, 0, 0], [1.4, 1.1, 6, 6])
        self._hero = self._shirts[int(rng.integers(2))]
        self._number = f"{rng.integers(2, 30):02d}"
        kind = self._kinds[shot]
        if kind in ("close", "crowd"):
            look = _CROWD if kind == "crowd" else _FACES
            self._near = texture(rng, (HEIGHT + 60, WIDTH + 120), look)


def _paths(rng: np.random.Generator, frames: int) -> NDArray[np.float32]:
    """Return where players and ball are, shape (frames, players + 1, 2), in field pixels."""
    t = np.arange(frames, dtype=np.float32)[:, None] / FPS
    bodies = _PLAYERS + 1
    play = np.zeros((frames, 2), np.float32)
    for period in (61.0, 37.0, 23.0, 13.0):
        turn_s = period * rng.uniform(0.8, 1.2)
        play += np.sin(2 * np.pi * t / turn_s + rng.uniform(0, 6.3, 2)) * np.array([75, 12])
    places = np.empty((frames, bodies, 2), np.float32)
    for body in range(bodies):
        wander = np.zeros((frames, 2), np.float32)
        for period in (17.0, 7.0, 3.1):
            turn_s = period * rng.uniform(0.7, 1.3)
            wander += np.sin(2 * np.pi * t / turn_s + rng.uniform(0, 6.3, 2)) * np.array([22, 12])
        home = np.array([rng.uniform(60, 700), rng.uniform(110, 235)])
        pull = 0.95 if body == _PLAYERS else rng.uniform(0.25, 0.7)
        places[:, body] = home * (1 - pull) + (np.array([380, 170]) + play) * pull + wander
    places[..., 0] = np.clip(places[..., 0], 12, _FIELD[1] - 20)
    places[..., 1] = np.clip(places[..., 1], 96, _FIELD[0] - 14)
    return places


def _pitch(rng: np.random.Generator) -> tuple[ByteArray, ByteArray, ByteArray]:
    rows, columns = _FIELD
    grey = np.empty(_FIELD, np.uint8)
    stripes = (np.arange(columns) // int(rng.integers(30, 50))) % 2
    grey[:] = np.where(stripes, 88, 108)
    stands, blue, red = texture(rng, _FIELD, _CROWD)
    grey[:72] = stands[:72]
    blue[36:], red[36:] = 96, 100
    boards = rng.integers(40, 220, 19).astype(np.uint8).repeat(40)[:columns]
    grey[72:84] = boards
    for row in (92, rows - 8):
        grey[row : row + 2] = 200
    for column in (10, columns // 2, columns - 12):
        grey[92 : rows - 8, column : column + 2] = 200
    y, x = np.ogrid[:rows, :columns]
    ring = np.hypot((y - 172) * 1.4, x - columns // 2)
    grey[(ring > 54) & (ring < 57)] = 200
    for side in (10, columns - 90):
        grey[130:132, side : side + 80] = grey[214:216, side : side + 80] = 200
        grey[130:216, side + (78 if side < 100 else 0)][:] = 200
    return grey, blue, red


@dataclass(frozen=True, slots=True, kw_only=True)
class Graphics:
    """A licensee's furniture: bug in a corner, score box, lower third now and then."""

    brand: str
    corner: int
    colour: tuple[int, int, int]
    teams: str
    seed: int

    def paint(self, index: int, canvas: Canvas) -> None:
        """Paint the graphics of a frame over the clean picture."""
        t = index / FPS
        right, low = self.corner in (1, 3), self.corner in (2, 3)
        wide = 8 * len(self.brand) + 8
        left = WIDTH - wide - 8 if right else 8
        top = HEIGHT - 34 if low else 8
        canvas.box(top, left, 24, wide, self.colour)
        canvas.box(top + 2, left + 2, 4, wide - 4, (235, 128, 128))
        canvas.words(top + 9, left + 4, self.brand, luma=235 if self.colour[0] < 130 else 20)
        score_left = 8 if right else WIDTH - 118
        score_top = 8 if low else (8 if self.corner == 1 else HEIGHT - 30)
        canvas.box(score_top, score_left, 20, 110, (30, self.colour[2], self.colour[1]))
        canvas.box(score_top, score_left + 66, 20, 44, self.colour)
        canvas.words(score_top + 5, score_left + 4, self.teams)
        clock = f"{int(t) // 60:02d}:{int(t) % 60:02d}"
        canvas.words(
            score_top + 5, score_left + 69, clock, luma=20 if self.colour[0] > 130 else 235
        )
        turn = (t + self.seed % 29) % 47.0
        if turn < 7.0:
            grown = int(min(1.0, turn * 2) * 190)
            canvas.box(138, 60, 24, grown, self.colour)
            if turn > 0.5:
                canvas.words(144, 68, f"PLAYER {self.seed * 7 % 30 + int(t) // 47}", scale=2)
