"""A pirate's own mark: what a stream lays over the pictures of the licensee that it was taken from.

Against the licensee's own pictures, since nothing of the licensee's is left then: its logo and its
score box are in both. In each cell the suspect's light is fitted, over the probe's instants, to the
reference's: what follows it is the programme, what does not is laid over it, and how far it does
not says how opaque that is. So the mark does not depend on what was shown beneath it. Where the
reference itself stands still nobody knows.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cautery.identify.faults import timed
from cautery.identify.graphics import evened, paired, pieces, placed
from cautery.identify.references.volumes import AnyReferences
from cautery.model.logo import Logo
from cautery.model.media import LUMA_SHAPE, Decoded
from cautery.model.verdict import Observation

Map = NDArray[np.float32]
LEAST_PICTURES = 40
LEAST_LIKENESS = 0.9
"""Correlation with the reference outside of what is laid over it: a frame that lies crookedly, or a
picture of another instant, differs from it everywhere."""
LEAST_VARIANCE = 40.0
"""Of a cell's light in the reference: coding noise is some 4."""
LEAST_OPACITY = 0.8
"""Of a cell that is the mark's: at its edges the programme shines through, each time otherwise."""
MOST_FREE = 0.25
"""Opacity up to which a cell shows the programme alone, as far as coding lets one tell."""
MOST_CELLS = LUMA_SHAPE[0] * LUMA_SHAPE[1] // 10
"""A larger piece is a cover, a banner or another programme."""
_SHIFTS_S = (0.0, -0.08, 0.08, -0.16, 0.16, -0.24, 0.24)
"""How far a transcoder's pictures may lie from its sound, by which they were placed."""
_PRIOR = 2.0


def logo_of(
    decoded: Decoded,
    observation: Observation,
    references: AnyReferences,
    licensee: str,
    *,
    media_at_s: float,
) -> Logo | None:
    """Return what lies over a licensee's pictures, or nothing if that is not known.

    Parameters
    ----------
    licensee : str
        The reference whose own sound or graphics the stream was found to have.
    media_at_s : float
        Reference-axis time of the probe's start, as for :func:`cautery.identify.observe.observe`.
    """
    witness = next(
        (witness for witness in timed(observation, references) if witness.reference == licensee),
        None,
    )
    if witness is None or len(decoded.luma) < LEAST_PICTURES:
        return None
    start_s = decoded.audio_s if len(decoded.audio) else float(decoded.luma_s[0])
    reference_s = media_at_s + decoded.luma_s - start_s - witness.delay_s
    runs = [
        paired(references.of(licensee), licensee, reference_s + shift_s, decoded.luma)
        for shift_s in _SHIFTS_S
    ]
    runs = [run for run in runs if len(run[0]) >= LEAST_PICTURES]
    if not runs:
        return None
    everywhere = np.ones(LUMA_SHAPE, np.bool_)
    suspect, expected = max(runs, key=lambda run: _likeness(run[0], run[1], everywhere))
    placement = placed(suspect, expected)
    back, visible = placement.undone(suspect)
    gain, offset = evened(back[:, visible], expected[:, visible])
    return laid_over((back - offset) / gain, expected, visible)


def laid_over(suspect: Map, ours: Map, shown: NDArray[np.bool_]) -> Logo | None:
    """Return what one run of pictures has over another one of the same programme.

    Parameters
    ----------
    suspect, ours : ndarray, shape (pictures, 36, 64)
        Picture by picture the same instants, in the reference's frame, contrast and brightness.
    shown : ndarray of bool, shape (36, 64)
        Which cells the suspect shows.
    """
    moving = ours - ours.mean(axis=0)
    variance = (moving**2).mean(axis=0)
    follows = ((moving * (suspect - suspect.mean(axis=0))).mean(axis=0) + _PRIOR) / (
        variance + _PRIOR
    )
    opacity = np.clip(1 - follows, 0.0, 1.0)
    light = (suspect.mean(axis=0) - follows * ours.mean(axis=0)) / np.maximum(
        opacity, LEAST_OPACITY
    )
    measured = shown & (variance >= LEAST_VARIANCE)
    covered = measured & (opacity >= LEAST_OPACITY)
    free = measured & (opacity <= MOST_FREE)
    if free.sum() < free.size // 2 or _likeness(suspect, ours, free) < LEAST_LIKENESS:
        return None
    mark = np.zeros(LUMA_SHAPE, np.bool_)
    for piece in pieces(covered):
        if piece.sum() <= MOST_CELLS:
            mark |= piece
        else:
            measured &= ~piece
    if not mark.any():
        return None
    return Logo(
        mark=mark, light=np.clip(np.rint(light), 0, 255).astype(np.uint8) * mark, known=measured
    )


def _likeness(suspect: Map, expected: Map, where: NDArray[np.bool_]) -> float:
    """Return how the motion of both agrees in some cells, all instants together."""
    suspect_motion = (suspect - suspect.mean(axis=0))[:, where].ravel()
    expected_motion = (expected - expected.mean(axis=0))[:, where].ravel()
    norm = float(np.sqrt((suspect_motion**2).sum() * (expected_motion**2).sum()))
    return float((suspect_motion * expected_motion).sum()) / norm if norm > 0 else 0.0
