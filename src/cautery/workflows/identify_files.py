"""Fingerprint files, and name files by those fingerprints: no network, so no mandate."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

from cautery.errors import InputError
from cautery.fingerprint import DEFAULT_RECIPE
from cautery.identify.observe import observe
from cautery.identify.references import ReferenceInfo, References
from cautery.model import Observation
from cautery.model.ports import Decoder

MAX_BYTES = 1_500_000_000


async def build_reference_file(
    paths: Sequence[Path], out: Path, decoder: Decoder
) -> list[tuple[str, float]]:
    """Fingerprint each file under its stem and write one ``.ref``.

    Raises
    ------
    InputError
        If two files have one stem, or a file is missing or too large.
    DecodeError
        If a file is no media.
    """
    stems = [path.stem for path in paths]
    twice = sorted({one for one in stems if stems.count(one) > 1})
    if twice:
        raise InputError(f"two files are called {twice[0]!r}; a stem is an id")
    infos = tuple(ReferenceInfo(id=one, kind="work") for one in stems)
    references = References(DEFAULT_RECIPE, infos)
    made = []
    for path in paths:
        decoded = await decoder.decode(await _bytes(path), pictures=True)
        await asyncio.to_thread(partial(references.add, path.stem, decoded, at_s=0.0))
        made.append((path.stem, decoded.duration_s))
    await asyncio.to_thread(references.save, out)
    return made


async def identify_files(
    paths: Sequence[Path], references: Path, decoder: Decoder, *, now: datetime
) -> list[tuple[Path, Observation]]:
    """Observe each file against the references of a ``.ref``.

    Raises
    ------
    InputError
        If a file is missing or too large, or the ``.ref`` cannot be used.
    DecodeError
        If a file is no media.
    """
    held = await asyncio.to_thread(partial(References.load, references, recipe=DEFAULT_RECIPE))
    found = []
    for path in paths:
        decoded = await decoder.decode(await _bytes(path), pictures=True)
        found.append(
            (
                path,
                await asyncio.to_thread(partial(observe, decoded, held, media_at_s=0.0, at=now)),
            )
        )
    return found


async def _bytes(path: Path) -> bytes:
    def read() -> bytes:
        if not path.is_file():
            raise InputError(f"{path}: no such file")
        if path.stat().st_size > MAX_BYTES:
            raise InputError(f"{path}: over {MAX_BYTES:,} bytes")
        return path.read_bytes()

    return await asyncio.to_thread(read)
