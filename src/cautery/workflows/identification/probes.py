"""The probes to identify: files, media files in folders, and URLs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from cautery.errors import InputError, MandateError
from cautery.model import Mandate
from cautery.packed import STDIN
from cautery.workflows.identification.media_paths import media_below
from cautery.workflows.identification.reference_map import is_url


def probes_of(told: Sequence[str], *, mandate: Mandate | None = None) -> tuple[Path | str, ...]:
    """Return the probes in order, each once: paths as told (``-`` is stdin), URLs as text.

    Raises
    ------
    MandateError
        If there is a URL and no mandate.
    InputError
        If something is not there, or there is no probe at all.
    """
    probes: dict[Path | str, None] = {}
    for argument in told:
        if is_url(argument):
            if mandate is None:
                raise MandateError(
                    "a URL is probed only under a mandate",
                    hint="Give --mandate MANDATE.toml; files need none.",
                )
            probes[argument] = None
        else:
            probes |= dict.fromkeys(_files(Path(argument)))
    if not probes:
        raise InputError(
            f"{', '.join(told)[:200]}: it contains no media",
            hint=(
                "In a folder, media files are recognised by their suffix, such as .ts, .mp4, "
                ".mkv, .wav."
            ),
        )
    return tuple(probes)


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from media_below(path)
    elif path == STDIN or path.exists() or path.is_symlink():  # to nothing: that is answered for
        yield path
    else:
        raise InputError(f"{path}: no such file or folder")
