"""What a watch asks a process that reads: what the answers of a source say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from cautery.formats import Page, PlaylistEntry, jobs
from cautery.formats.packing import (
    Packer,
    Unpacker,
    pack_entries,
    pack_warnings,
    unpack_entries,
    unpack_warnings,
)
from cautery.formats.warm import warm as warm_lists
from cautery.model import Window, from_json, to_json
from cautery.model.ports import Readers
from cautery.workflows.watch.sources.answers import Said
from cautery.workflows.watch.sources.guide_source import Guide, Showing
from cautery.workflows.watch.sources.understanding import Asked, Understood, understood

MODULES = ("cautery.formats.jobs", "cautery.workflows.watch.sources.jobs")
"""What a watch's processes that read are started with."""
_SOURCE = "source"
MOST_TITLE = 500
"""Letters of a title that are kept: each costs some microseconds where the keys are."""


async def understood_apart(
    asked: Asked, answers: Sequence[Said], within: Window, *, readers: Readers
) -> Understood:
    """Return what the answers of a source say, read in another process.

    Parameters
    ----------
    within : Window
        Of a guide only what touches it is kept.

    Raises
    ------
    SourceError
        If its reader understands nothing, or it takes longer than such an answer may.
    """
    bodies = [answer.body or b"" for answer in answers]
    job = {
        "asked": to_json(asked),
        "within": to_json(within),
        "answers": [
            [answer.url, answer.status, len(body)]
            for answer, body in zip(answers, bodies, strict=True)
        ],
    }
    packed = await readers.read(_SOURCE, job, b"".join(bodies))
    return jobs.sound(lambda: _unpacked(Unpacker(packed)))


@dataclass(frozen=True, slots=True)
class _Answer:
    url: str
    status: int
    body: bytes

    def header(self, _: str) -> str | None:
        return None


def _short(entry: PlaylistEntry) -> PlaylistEntry:
    if entry.title is None or len(entry.title) <= MOST_TITLE:
        return entry
    return replace(entry, title=entry.title[:MOST_TITLE])


def _source(job: Any, data: bytes) -> bytes:
    answers, at = [], 0
    for url, status, size in job["answers"]:
        answers.append(_Answer(url, status, data[at : at + size]))
        at += size
    source, within = from_json(Asked, job["asked"]), from_json(Window, job["within"])
    says = understood(source, answers, within)
    packer = Packer()
    packer.json(
        {
            "https_port": says.https_port,
            "page": None if says.page is None else to_json(says.page),
            "guide": says.guide is not None,
        }
    )
    pack_warnings(packer, says.warnings)
    pack_entries(packer, [_short(entry) for entry in says.entries])
    if says.guide is not None:
        _pack_guide(packer, says.guide)
    return packer.packed()


def _unpacked(packed: Unpacker) -> Understood:
    head = packed.json()
    warnings, entries = unpack_warnings(packed), unpack_entries(packed)
    guide = _unpacked_guide(packed) if head["guide"] else None
    packed.end()
    port = head["https_port"]
    return Understood(
        entries=entries,
        warnings=warnings,
        page=None if head["page"] is None else from_json(Page, head["page"]),
        guide=guide,
        https_port=None if port is None else int(port),
    )


def _pack_guide(packer: Packer, guide: Guide) -> None:
    packer.texts([name[:MOST_TITLE] for name, _ in guide.channels])
    packer.texts([label[:MOST_TITLE] if label else label for _, label in guide.channels])
    packer.texts([showing.channel[:MOST_TITLE] for showing in guide.showings])
    packer.texts([showing.title[:MOST_TITLE] for showing in guide.showings])
    packer.numbers([showing.starts_at.timestamp() for showing in guide.showings], np.float64)
    packer.numbers(
        [
            np.nan if showing.ends_at is None else showing.ends_at.timestamp()
            for showing in guide.showings
        ],
        np.float64,
    )


def _unpacked_guide(packed: Unpacker) -> Guide:
    channels = tuple(zip(packed.whole_texts(), packed.texts(), strict=True))
    names, titles = packed.whole_texts(), packed.whole_texts()
    starts, ends = packed.numbers(np.float64).tolist(), packed.numbers(np.float64).tolist()
    return Guide(
        channels,
        tuple(
            Showing(
                channel,
                title,
                datetime.fromtimestamp(start, UTC),
                None if end != end else datetime.fromtimestamp(end, UTC),  # noqa: PLR0124 - NaN
            )
            for channel, title, start, end in zip(names, titles, starts, ends, strict=True)
        ),
    )


JOBS: Mapping[str, Callable[[Any, bytes], bytes]] = {_SOURCE: _source}

_WINDOW = {"start": "2026-01-01T00:00:00Z", "end": "2026-01-02T00:00:00Z"}


def warm() -> None:
    """Load what this job would load late."""
    warm_lists()
    body = b"#EXTM3U\n#EXTINF:-1,A\nhttp://a.example/1\n" * 4_000
    source = {"kind": "m3u", "location": "http://a.example/", "username": None, "password": None}
    url = "http://a.example/list.m3u"
    job = {"asked": source, "within": _WINDOW, "answers": [[url, 200, len(body)]]}
    _unpacked(Unpacker(_source(job, body)))
