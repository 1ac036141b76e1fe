"""Pictures that move, references that hold them, and disguises: for tests of picture search."""

from functools import cache

import numpy as np

from cautery.fingerprint import DEFAULT_RECIPE
from cautery.identify import ReferenceInfo, References
from cautery.model import Decoded

SILENT = np.empty(0, np.float32)


def film(seed: int, seconds: float, *, actors: int = 6, pace: float = 0.8) -> np.ndarray:
    rng = np.random.default_rng(seed)
    n, x, y = int(seconds * 12.5), np.arange(64), np.arange(36)[:, None]
    walk = np.cumsum(rng.standard_normal((actors, 2, n)), axis=2) * pace + 30
    out = np.full((n, 36, 64), 60.0)
    for one in walk:
        across, down = one[0] % 64, one[1] % 36
        apart = (x - across[:, None, None]) ** 2 + (y - down[:, None, None]) ** 2
        out += 90 * np.exp(-apart / 40)
    return np.clip(out + rng.normal(0, 1, out.shape), 0, 255).astype(np.uint8)


def shown(luma: np.ndarray, *, speed: float = 1.0) -> Decoded:
    times = np.arange(len(luma)) / 12.5 / speed
    return Decoded(
        audio=SILENT, audio_s=0.0, luma=np.ascontiguousarray(luma), luma_s=times,
        duration_s=float(times[-1]),
    )  # fmt: skip


def holding(films: dict[str, np.ndarray | None]) -> References:
    made = References(DEFAULT_RECIPE, [ReferenceInfo(id=name, kind="work") for name in films])
    for name, luma in films.items():
        if luma is not None:
            made.add(name, shown(luma), at_s=0.0)
    return made


@cache
def mine() -> np.ndarray:
    return film(1, 90)


@cache
def others() -> dict[str, np.ndarray]:
    return {f"other{k}": film(10 + k, 90) for k in range(7)}


@cache
def all_films() -> References:
    return holding({"mine": mine(), **others()})


@cache
def other_films() -> References:
    return holding(dict(others()))


def shrunk(luma: np.ndarray, rows: int, columns: int) -> np.ndarray:
    high, wide = (np.arange(rows) * 36 // rows), (np.arange(columns) * 64 // columns)
    return luma[:, high][:, :, wide]


def inset(luma: np.ndarray, behind: np.ndarray) -> np.ndarray:
    """Return pictures of which the lower right corner shows others, at 40 %."""
    out = behind.copy()
    out[:, 20:34, 36:62] = shrunk(luma, 14, 26)
    return out


def beside(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.concatenate((shrunk(first, 36, 32), shrunk(second, 36, 32)), axis=2)


@cache
def square() -> np.ndarray:
    """A square with walls and paving, over which people walk: as large as a shaking crop needs."""
    rng = np.random.default_rng(80)
    paving = np.kron(rng.integers(40, 200, (11, 18)), np.ones((4, 4)))
    walk = np.cumsum(rng.standard_normal((8, 2, 1125)), axis=2) * 0.6 + 30
    y, x = np.arange(44)[:, None], np.arange(72)
    out = np.repeat(paving[None], 1125, axis=0)
    for across, down in walk:
        apart = (x - across[:, None, None] % 72) ** 2 + (y - down[:, None, None] % 44) ** 2
        out += 60 * np.exp(-apart / 12)
    return np.clip(out, 0, 255).astype(np.uint8)


def shaken(large: np.ndarray) -> np.ndarray:
    """Return pictures cut out of larger ones by a hand that shakes."""
    at = np.arange(len(large)) / 12.5
    top = np.rint(4 + 3 * np.sin(5 * at) + np.sin(9 * at)).astype(int)
    left = np.rint(4 + 3 * np.sin(4 * at + 1) + np.sin(7 * at)).astype(int)
    return np.stack([one[y : y + 36, x : x + 64]
                     for one, y, x in zip(large, top, left, strict=True)])  # fmt: skip
