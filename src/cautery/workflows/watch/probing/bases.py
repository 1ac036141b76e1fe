"""What a probe gave, and what its scores rest on, sealed so that others can compute them again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cautery.identify.basis import Basis, packed
from cautery.model import Decoded, Fault, Observation
from cautery.model.media import AUDIO_RATE_HZ
from cautery.model.records.scoring import ScoreBasis
from cautery.workflows.case.journal import Journal
from cautery.workflows.media.fetching import Fetched

MEDIA_TYPE = "application/x-npz"


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """One probe's result, before it is judged.

    Parameters
    ----------
    kept : tuple of Basis
        What its scores rest on; empty: nothing was asked for.
    within : Decoded
        All that was decoded; the probe is a window of it, or the whole.
    """

    fetched: Fetched
    decoded: Decoded
    observation: Observation
    media_at_s: float
    faults: tuple[Fault, ...] = ()
    kept: tuple[Basis, ...] = ()
    within: Decoded


async def keep_bases(
    journal: Journal, url: str, windows: Sequence[Probed], *, until: Probed
) -> None:
    """Seal and record what the scores of a look rest on, up to the window that decided."""
    for probed in windows:
        if probed.kept:
            senses, arrays = await asyncio.to_thread(packed, probed.kept)
            sealed = await journal.seal_aside(
                arrays,
                what="fingerprints of references",
                media_type=MEDIA_TYPE,
                at=probed.fetched.at,
            )
            decoded, whole = probed.decoded, probed.within
            journal.write(
                ScoreBasis(
                    at=probed.fetched.at,
                    url=url,
                    media_start_s=probed.observation.media_start_s,
                    media=probed.fetched.pieces,
                    sound=probed.fetched.sound_pieces,
                    first_sample=round((decoded.audio_s - whole.audio_s) * AUDIO_RATE_HZ),
                    samples=len(decoded.audio),
                    first_picture=_first_picture(decoded, whole),
                    pictures=len(decoded.luma),
                    senses=senses,
                    exhibit=sealed,
                )
            )
        if probed is until:
            return


def _first_picture(decoded: Decoded, whole: Decoded) -> int:
    if not len(decoded.luma_s):
        return 0
    return int(np.searchsorted(whole.luma_s, decoded.luma_s[0]))
