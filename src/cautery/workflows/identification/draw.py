"""Each answer's picture, in a folder."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from cautery.errors import StorageError
from cautery.identify.observe import alignment
from cautery.identify.plot import Alignment, identification_plot
from cautery.identify.references.held import References
from cautery.identify.windows import Look, begin_of, part_of
from cautery.messages import tr
from cautery.model import AUDIO_RATE_HZ, Decoded
from cautery.workflows.identification.records import Answer

_LONGEST_NAME = 120
_ALIGNED = frozenset({"sound", "picture", "graphics"})
"""Lines of evidence that have a place in time."""


def plot_name(probe: str) -> str:
    r"""Return the picture's file name: the probe's, with its folders.

    Examples
    --------
    >>> plot_name("night/a b.ts")
    'night_a b.ts.svg'
    >>> plot_name("\udcff.ts")  # as Python has a name's byte that is no UTF-8
    '\udcff.ts.svg'
    """
    bare_name = probe.partition("://")[2] or probe
    name = bare_name.strip("/").replace("/", "_").replace("..", "_").replace("\0", "_").lstrip(".")
    if len(os.fsencode(name)) > _LONGEST_NAME:  # bytes that are no UTF-8 count too
        name = f"{name[-60:]}-{hashlib.sha256(os.fsencode(bare_name)).hexdigest()[:8]}"
    return f"{name}.svg"


class Drawing:
    """Draws answers into a folder.

    Parameters
    ----------
    write : callable
        Writes a file whole or not at all.
    """

    def __init__(
        self, folder: Path, references: References, write: Callable[[Path, bytes], None]
    ) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(f"{folder}: {error.strerror or error}") from error
        self._folder = folder
        self._references = references
        self._write = write

    def draw(self, answer: Answer, decoded: Decoded, looks: Sequence[Look]) -> None:
        """Draw one answer.

        Raises
        ------
        StorageError
            If it cannot be written.
        """
        if answer.found is None:
            return
        picture = identification_plot(
            answer.probe,
            answer.found,
            looks,
            audio=decoded.audio,
            rate_hz=AUDIO_RATE_HZ,
            alignment=self._alignment(decoded, looks[:1]),
            searched=len(self._references.infos),
        )
        self._write(self._folder / plot_name(answer.probe), picture)

    def _alignment(self, decoded: Decoded, looks: Sequence[Look]) -> Alignment | None:
        """Return how the drawn media fit the reference that its strongest witness names."""
        glances = [
            glance for look in looks for glance in (look.whole, *look.windows) if glance is not None
        ]
        candidates = [
            (witness, glance)
            for glance in glances
            for witness in glance.observation.witnesses
            if witness.kind in _ALIGNED
        ]
        if not candidates:
            return None
        witness, glance = max(candidates, key=lambda pair: pair[0].log10_lr)
        start_s = begin_of(decoded) + glance.start_s
        part = part_of(decoded, start_s, start_s + glance.end_s - glance.start_s)
        at_s = glance.observation.media_start_s
        lags, strength = alignment(part, self._references, witness, media_at_s=at_s)
        return Alignment(
            reference=witness.reference,
            unit=tr("standard deviations above chance")
            if witness.kind == "sound"
            else tr("correlation"),
            lags_s=[lag - witness.delay_s for lag in lags],
            strength=strength,
        )
