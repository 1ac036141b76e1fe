"""Compile and cache the kernels: ``python -m cautery.identify.warm``, run at install."""

from __future__ import annotations

import numpy as np

from cautery.identify.match import AROUND_WORDS
from cautery.identify.simulcast import shared


def warm() -> None:
    """Run every kernel once on nothing."""
    nothing = np.zeros(2 * AROUND_WORDS + 1, np.uint32)
    shared(nothing, nothing)


if __name__ == "__main__":
    warm()
