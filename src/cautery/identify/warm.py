"""Compile and cache the kernels: ``cautery warm`` runs this."""

from __future__ import annotations

import numpy as np

from cautery.identify.match import AROUND_WORDS
from cautery.identify.simulcast import shared
from cautery.kernels import only_compiled


@only_compiled()
def warm() -> None:
    """Run every kernel once on nothing."""
    nothing = np.zeros(2 * AROUND_WORDS + 1, np.uint32)
    shared(nothing, nothing)


if __name__ == "__main__":
    warm()
