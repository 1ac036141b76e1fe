"""Compile and cache the kernels: ``cautery warm`` runs this."""

from __future__ import annotations

import numpy as np

from cautery.identify.graphics import placed
from cautery.identify.match import AROUND_WORDS
from cautery.identify.simulcast import shared
from cautery.kernels import only_compiled
from cautery.model.media import LUMA_SHAPE


@only_compiled()
def warm() -> None:
    """Run every kernel once on next to nothing."""
    nothing = np.zeros(2 * AROUND_WORDS + 1, np.uint32)
    shared(nothing, nothing)
    pictures = np.random.default_rng(0).standard_normal((4, *LUMA_SHAPE)).astype(np.float32)
    placed(pictures, pictures)


if __name__ == "__main__":
    warm()
