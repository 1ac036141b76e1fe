"""Arrays in, arrays out: audio landmarks, the index of them, and temporal video signatures.

Knows neither works nor evidence. The heavy parts lie in submodules: ``audio`` and ``index``
need numba, ``video`` only numpy; ``warm`` compiles the kernels.

Examples
--------
>>> import numpy as np
>>> from cautery.fingerprint import DEFAULT_RECIPE
>>> from cautery.fingerprint.audio import landmarks_of, peaks_of
>>> from cautery.fingerprint.index import Index
>>> noise = np.random.default_rng(1).standard_normal(80_000).astype(np.float32) / 10
>>> index = Index()
>>> index.add(7, landmarks_of(peaks_of(noise, DEFAULT_RECIPE), DEFAULT_RECIPE), start=0)
>>> probe = landmarks_of(peaks_of(noise[32_000:], DEFAULT_RECIPE), DEFAULT_RECIPE)
>>> snapshot = index.snapshot()
>>> best = snapshot.candidates(probe, base=0, low=-1000, high=1000, least=5)[0]
>>> best.reference, abs(best.offset - 250) <= 4
(7, True)
"""

from cautery.fingerprint.recipe import DEFAULT_RECIPE, Recipe

__all__ = ["DEFAULT_RECIPE", "Recipe"]
