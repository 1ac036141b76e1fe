"""Probes to verdicts: which event, whose feed, how late, and how sure.

:mod:`cautery.identify.observe` compares one probe with all references and draws the proof,
:mod:`cautery.identify.decide` turns several probes into a verdict. Heavy names load when asked for.

Examples
--------
>>> from datetime import UTC, datetime
>>> import numpy as np
>>> from cautery.fingerprint import DEFAULT_RECIPE
>>> from cautery.identify import ReferenceInfo, References
>>> from cautery.identify.observe import observe
>>> from cautery.model import Decoded
>>> def heard(sound):
...     return Decoded(audio=sound, audio_s=0.0, luma=np.empty((0, 36, 64), np.uint8),
...                    luma_s=np.empty(0), duration_s=len(sound) / 8000)
>>> film = np.random.default_rng(1).standard_normal(60 * 8000).astype(np.float32) / 10
>>> references = References(DEFAULT_RECIPE, [ReferenceInfo(id="film-channel")])
>>> references.add("film-channel", heard(film), at_s=1_000_000.0)
>>> probe = observe(heard(film[160_000:256_000]), references,
...                 media_at_s=1_000_032.0, at=datetime(2026, 11, 24, 20, 45, tzinfo=UTC))
>>> best = probe.witnesses[0]
>>> best.reference, round(best.delay_s, 1)
('film-channel', 12.0)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cautery.identify.likelihood import published_error_rates
    from cautery.identify.observe import alignment
    from cautery.identify.references.held import References
    from cautery.identify.references.info import ReferenceInfo

__all__ = [
    "ReferenceInfo",
    "References",
    "alignment",
    "published_error_rates",
]

_HOMES = {
    "ReferenceInfo": "references.info",
    "References": "references.held",
    "alignment": "observe",
    "published_error_rates": "likelihood",
}


def __getattr__(name: str) -> Any:
    """Load a public name's module: numba costs 1 s of CPU, which light commands need not pay."""
    if name not in _HOMES:
        raise AttributeError(name)
    from importlib import import_module  # noqa: PLC0415 - only when a name is asked for

    loaded = getattr(import_module(f"cautery.identify.{_HOMES[name]}"), name)
    globals()[name] = loaded
    return loaded
