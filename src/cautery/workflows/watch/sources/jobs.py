"""What a watch asks a process that reads: what the answers of a source say, screened.

That process has no key. It hands back texts with stand-ins, and the secrets that they stand for;
here each is replaced by its pseudonym.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import starmap
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from cautery.formats import Page, jobs
from cautery.formats.packing import Packer, Unpacker, pack_warnings, unpack_warnings
from cautery.formats.warm import warm as warm_lists
from cautery.model import Pseudonyms, Window, from_json, to_json
from cautery.model.ports import Readers
from cautery.model.stand_ins import StandIns, settling
from cautery.workflows.watch.sources.answers import Said
from cautery.workflows.watch.sources.guide_source import Guide, Showing
from cautery.workflows.watch.sources.screening import ListedStream, Screened, screened
from cautery.workflows.watch.sources.understanding import Asked, understood

MODULES = ("cautery.formats.jobs", "cautery.workflows.watch.sources.jobs")
"""What a watch's processes that read are started with."""
_SOURCE = "source"
_COLUMNS = ("url", "place", "title", "group", "guide")


async def screened_apart(
    asked: Asked,
    answers: Sequence[Said],
    within: Window,
    *,
    readers: Readers,
    pseudonyms: Pseudonyms,
) -> Screened:
    """Return what the answers of a source say, read and screened in another process.

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
    mark = os.urandom(4).hex()  # nobody who writes a list can guess it
    job = {
        "asked": to_json(asked),
        "within": to_json(within),
        "mark": mark,
        "answers": [
            [answer.url, answer.status, len(body)]
            for answer, body in zip(answers, bodies, strict=True)
        ],
    }
    packed = await readers.read(_SOURCE, job, b"".join(bodies))

    def unpacked() -> Screened:
        return jobs.sound(lambda: _unpacked(Unpacker(packed), mark, pseudonyms))

    # On a thread: 60,000 streams take tenths of a second, and the key is in another process.
    return await asyncio.to_thread(unpacked)


@dataclass(frozen=True, slots=True)
class _Answer:
    url: str
    status: int
    body: bytes

    def header(self, _: str) -> str | None:
        return None


def _source(job: Any, data: bytes) -> bytes:
    answers, at = [], 0
    for url, status, size in job["answers"]:
        answers.append(_Answer(url, status, data[at : at + size]))
        at += size
    source, within = from_json(Asked, job["asked"]), from_json(Window, job["within"])
    stand_ins = StandIns(job["mark"])
    says = screened(understood(source, answers, within), stand_ins)
    packer = Packer()
    packer.texts(stand_ins.secrets)
    packer.json(
        {
            "https_port": says.https_port,
            "page": None if says.page is None else to_json(says.page),
            "guide": says.guide is not None,
        }
    )
    pack_warnings(packer, says.warnings)
    packer.numbers([stream.line for stream in says.streams], np.int32)
    for column in _COLUMNS:
        packer.texts([getattr(stream, column) for stream in says.streams])
    if says.guide is not None:
        _pack_guide(packer, says.guide)
    return packer.packed()


def _unpacked(packed: Unpacker, mark: str, pseudonyms: Pseudonyms) -> Screened:
    texts = _Settled(packed, settling(mark, pseudonyms.all_of(packed.whole_texts())))
    head, warnings = packed.json(), unpack_warnings(packed)
    streams = _unpacked_streams(packed, texts)
    guide = _unpacked_guide(packed, texts) if head["guide"] else None
    packed.end()
    port = head["https_port"]
    return Screened(
        streams=streams,
        warnings=tuple(
            replace(warning, quoted=texts.settle(warning.quoted)) for warning in warnings
        ),
        page=None if head["page"] is None else from_json(Page, head["page"]),
        guide=guide,
        https_port=None if port is None else int(port),
    )


class _Settled:
    """Columns of texts, each stand-in in them settled."""

    def __init__(self, packed: Unpacker, settle: Callable[[str], str]) -> None:
        self._packed = packed
        self.settle = settle

    def whole(self) -> list[str]:
        return list(map(self.settle, self._packed.whole_texts()))

    def some(self) -> list[str | None]:
        return [text if text is None else self.settle(text) for text in self._packed.texts()]


def _unpacked_streams(packed: Unpacker, texts: _Settled) -> tuple[ListedStream, ...]:
    lines, urls = packed.numbers(np.int32).tolist(), packed.whole_texts()
    places, titles, groups, guides = texts.whole(), texts.some(), texts.some(), texts.some()
    for place in places:
        if not place.isascii() or "[" in place or "]" in place:
            urlsplit(place)  # only of such a host can it be that nobody reads it
    return tuple(
        starmap(ListedStream, zip(urls, places, titles, groups, guides, lines, strict=True))
    )


def _pack_guide(packer: Packer, guide: Guide) -> None:
    packer.texts([name for name, _ in guide.channels])
    packer.texts([label for _, label in guide.channels])
    packer.texts([showing.channel for showing in guide.showings])
    packer.texts([showing.title for showing in guide.showings])
    packer.numbers([showing.starts_at.timestamp() for showing in guide.showings], np.float64)
    packer.numbers(
        [
            np.nan if showing.ends_at is None else showing.ends_at.timestamp()
            for showing in guide.showings
        ],
        np.float64,
    )


def _unpacked_guide(packed: Unpacker, texts: _Settled) -> Guide:
    channels = tuple(zip(texts.whole(), texts.some(), strict=True))
    names, titles = texts.whole(), texts.whole()
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

_MARK = "00000000"
_WINDOW = {"start": "2026-01-01T00:00:00Z", "end": "2026-01-02T00:00:00Z"}


def warm() -> None:
    """Load what this job would load late."""
    warm_lists()
    body = b"#EXTM3U\n#EXTINF:-1,A\nhttp://a.example/1\n" * 4_000
    source = {"kind": "m3u", "location": "http://a.example/", "username": None, "password": None}
    url = "http://a.example/list.m3u"
    job = {"asked": source, "within": _WINDOW, "mark": _MARK, "answers": [[url, 200, len(body)]]}
    _unpacked(Unpacker(_source(job, body)), _MARK, StandIns(_MARK))
