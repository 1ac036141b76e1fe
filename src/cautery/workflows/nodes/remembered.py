"""The newest looks of a node, as decoded media, and the same again from sealed captures."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace

from cautery.evidence.ports import CaseVault
from cautery.identify.basis import Basis
from cautery.identify.observe import observing
from cautery.identify.references.volumes import AnyReferences
from cautery.identify.steps import side_by_side
from cautery.model import Decoded, Observation
from cautery.model.ports import Decoder, Engine
from cautery.workflows.case.journal import Journal
from cautery.workflows.media.segments import answers_in, joined_again
from cautery.workflows.watch.probing.bases import Probed
from cautery.workflows.watch.probing.looker import decoded_whole
from cautery.workflows.watch.probing.looks import windows_of
from cautery.workflows.watch.probing.wire import LookShown

MOST_BYTES = 256 << 20
"""Of all looks together: some thirty of the largest, hundreds of sound alone."""


class RememberedLooks:
    """The newest looks, by their ids, until their bytes are too many.

    Parameters
    ----------
    most_bytes : int
        Beyond it the oldest are forgotten.
    """

    def __init__(self, *, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._looks: OrderedDict[str, Sequence[Probed]] = OrderedDict()
        self._size = 0

    def keep(self, look: str, windows: Sequence[Probed]) -> None:
        """Keep what a look gave."""
        self._drop(look)
        self._looks[look] = windows
        self._size += _size(windows)
        while self._size > self._most and self._looks:
            self._drop(next(iter(self._looks)))

    def of(self, look: str) -> Sequence[Probed] | None:
        """Return what a look gave; ``None``: it was not here, or is forgotten."""
        return self._looks.get(look)

    def _drop(self, look: str) -> None:
        self._size -= _size(self._looks.pop(look, ()))


def _size(windows: Sequence[Probed]) -> int:
    if not windows:
        return 0
    fetched, within = windows[0].fetched, windows[0].within
    bases = [basis for window in windows for basis in window.kept]
    arrays = sum(array.nbytes for basis in bases for array in basis.arrays.values())
    media = len(fetched.data) + len(fetched.sound or b"")
    return media + within.audio.nbytes + within.luma.nbytes + arrays


async def looked_again(
    shown: LookShown,
    references: AnyReferences,
    *,
    vault: CaseVault,
    decoder: Decoder,
    engine: Engine,
    journal: Journal,
) -> list[Probed]:
    """Return what a look gave from its sealed captures, with what was observed then.

    Raises
    ------
    SourceError, EvidenceError
        If its captures do not lie in the open, are damaged or too large.
    """
    look = shown.look
    exhibits = look.windows[0].observation.exhibits
    answers = await journal.aside(answers_in, exhibits, vault)
    fetched = look.fetched
    fetched = replace(
        fetched,
        data=joined_again(fetched.pieces, answers),
        sound=None if fetched.sound is None else joined_again(fetched.sound_pieces, answers),
    )
    if fetched.live and not look.windows[0].pictures:
        sound = fetched.data if fetched.sound is None else fetched.sound
        whole = await decoder.decode(sound, pictures=False)
    else:
        whole = await decoded_whole(decoder, fetched)
    parts = (whole,) if fetched.live else windows_of(whole)
    return [
        Probed(
            fetched=fetched,
            decoded=part,
            observation=window.observation,
            media_at_s=window.media_at_s,
            faults=window.faults,
            kept=await _kept(part, references, window.observation, window.media_at_s, engine)
            if window.kept
            else (),
            within=whole,
        )
        for part, window in zip(parts, look.windows, strict=False)
    ]


async def _kept(
    decoded: Decoded,
    references: AnyReferences,
    observation: Observation,
    media_at_s: float,
    engine: Engine,
) -> tuple[Basis, ...]:
    """Return what the scores rest on of those witnesses that were seen then."""
    _, bases = await side_by_side(
        engine, observing(decoded, references, media_at_s=media_at_s, at=observation.at)
    )
    witnessed = {(witness.kind, witness.reference) for witness in observation.witnesses}
    return tuple(basis for basis in bases if (basis.place.kind, basis.place.reference) in witnessed)
