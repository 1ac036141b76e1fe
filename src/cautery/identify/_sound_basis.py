"""What the score of a sound match rests on: the reference's code words and peaks, and chance's."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cautery.fingerprint.codes import SAMPLED, WORD_FRAMES, Stack
from cautery.fingerprint.tops import Cells
from cautery.identify._sounding import Sounding
from cautery.identify.basis import Basis
from cautery.identify.match import Match
from cautery.model.records.scoring import SensePlace


def sound_basis(sounding: Sounding, match: Match, *, volume: int) -> Basis | None:
    """Return what the score of a sound match rests on; ``None``: nothing was scored here.

    The arrays are ``words``, the reference's code words under the probe, and under the name in
    ``place.sample`` the code words that chance is measured with: window ``k`` of 2048 begins at
    word ``k * step``. Where peaks counted too, ``tops`` are the reference's under the probe, and
    ``sample.tops`` those of chance: ``window << 24 | frame << 8 | step`` each.
    """
    lead = match.lead
    if lead is None:
        return None
    stack, code = sounding.stacks[lead.works], sounding.code(lead.tempo, lead.pitch)
    phase = -lead.offset % WORD_FRAMES
    first = stack.place(lead.piece, (lead.offset + phase) // WORD_FRAMES)
    # Of several volumes each measures chance with its own words.
    name = ("works" if lead.works else "live") + (f".{volume}" if volume else "")
    place = SensePlace(
        kind="sound",
        reference=match.reference,
        family=match.family,
        searched=match.searched,
        tempo=lead.tempo,
        pitch=lead.pitch,
        phase=phase,
        shared_s=tuple(np.flatnonzero(match.common).tolist()),
        sample=name,
    )
    sample, step = _sampled(stack, sounding.code(1.0, 1.0).at[0])
    # A copy: a view would keep the code words of all references in memory for as long as the
    # basis.
    words = stack.held[first : first + code.length + 1].copy()
    arrays = {"words": words, f"sample.{name}": sample, f"step.{name}": np.array(step)}
    if sounding.standing is not None:
        speed, tops = (lead.tempo, lead.pitch), sounding.standing.tops[lead.works]
        under = sounding.standing.at(
            lead.number, np.array([lead.offset]), speed, works=lead.works
        ).cells
        arrays["tops"] = _packed(under)
        arrays[f"sample.tops.{name}"] = _packed(tops.sample(len(sounding.power)))
    return Basis(place, arrays)


def _packed(cells: Cells) -> NDArray[np.uint32]:
    """Return peaks as whole numbers; a probe is shorter than 17 minutes."""
    inside = cells.frames < 1 << 16
    packed = cells.window << 24 | cells.frames << 8 | cells.steps
    return packed[inside].astype(np.uint32)


def _sampled(stack: Stack, at: NDArray[np.int64]) -> tuple[NDArray[np.uint32], int]:
    """Return the words that ``fingerprint.meeting.chance`` compares a probe with, and their step.

    Windows that overlap are kept as the words that they cover, once.
    """
    room = len(stack.held) - 2 * stack.MARGIN
    if room < SAMPLED or not len(at):
        return np.empty(0, np.uint32), 1
    rows = int(np.minimum(at, 2 * stack.MARGIN - 1).max()) + 1
    step = max(1, room // SAMPLED)
    if step <= rows:
        return stack.held[: step * (SAMPLED - 1) + rows].copy(), step
    begins = np.arange(SAMPLED) * step
    return stack.held[begins[:, None] + np.arange(rows)].ravel(), rows
