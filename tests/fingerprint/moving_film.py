"""A film of spots that wander, for tests of pictures."""

from functools import cache

import numpy as np


def moving(seed: int, seconds: float) -> np.ndarray:
    rng = np.random.default_rng(seed)
    n = int(seconds * 12.5)
    x, y = np.arange(64), np.arange(36)[:, None]
    walk = np.cumsum(rng.standard_normal((6, 2, n)), axis=2) * 0.8 + 30
    out = np.full((n, 36, 64), 60.0)
    for k in range(6):
        cx, cy = walk[k, 0] % 64, walk[k, 1] % 36
        out += 90 * np.exp(-((x - cx[:, None, None]) ** 2 + (y - cy[:, None, None]) ** 2) / 40)
    return np.clip(out + rng.normal(0, 1, out.shape), 0, 255).astype(np.uint8)


FILM_S = 80
TIMES = np.arange(FILM_S * 12.5) / 12.5


@cache
def film_shown() -> np.ndarray:
    return moving(1, FILM_S)
