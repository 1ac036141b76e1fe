"""Read the answers of a source from bytes into entries, a page or a guide.

It runs in a process that reads (:mod:`cautery.workflows.watch.sources.jobs`), so it needs no key,
no record and no network.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from urllib.parse import parse_qsl, urlsplit

from cautery.errors import LimitError, SourceError
from cautery.formats import (
    Page,
    PlaylistEntry,
    ReadWarning,
    entries_of,
    read_account,
    read_m3u,
    read_page,
    read_streams,
    xtream,
)
from cautery.messages import message
from cautery.model import Source, Window, revealed
from cautery.packed import PACKED_ERRORS, unpacked
from cautery.workflows.watch.sources.answers import Said
from cautery.workflows.watch.sources.guide_source import Guide, read_guide_source
from cautery.workflows.watch.sources.portals import read_portal

UNPACKED_BYTES = 1_000_000_000
"""Read piece by piece: a bomb costs seconds, no memory."""
MAX_STREAMS = 50_000
"""One list may name all 40,000 channels and titles of a service (docs/reference/sources.md, F5)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Of a source, what its answers are read with."""

    kind: str
    location: str
    username: str | None
    password: str | None

    @classmethod
    def of(cls, source: Source) -> Asked:
        """Return what of a source is needed; for a file, no address."""
        return cls(
            kind=source.kind,
            location="" if source.is_file else source.location.reveal(),
            username=revealed(source.username),
            password=revealed(source.password),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """What the answers of a source say, whoever kept them."""

    entries: tuple[PlaylistEntry, ...] = ()
    warnings: tuple[ReadWarning, ...] = ()
    page: Page | None = None
    guide: Guide | None = None
    https_port: int | None = None


def understood(asked: Asked, answers: Sequence[Said], within: Window) -> Understood:
    """Return what the answers of a source say; pure, so that an archive is read in the same way.

    Parameters
    ----------
    within : Window
        Of a guide only what touches it is kept.

    Raises
    ------
    SourceError
        If its reader understands nothing.
    """
    first = answers[0]
    body = first.body or b""
    if asked.kind == "page":
        return Understood(page=read_page([body], base=first.url))
    if asked.kind == "stalker":
        entries, warnings = gather(chain(*read_portal(asked.location, answers)))
        return Understood(entries=entries, warnings=warnings)
    if asked.kind == "xmltv":
        guide, warnings = read_guide_source(plain(body), within)
        return Understood(guide=guide, warnings=warnings)
    if asked.kind != "xtream":
        entries, warnings = gather(read_m3u(plain(body), base=first.url or None))
        return Understood(entries=entries, warnings=warnings)
    account = read_account([body])
    all_entries: list[PlaylistEntry] = []
    all_warnings: list[ReadWarning] = []
    for answer in answers[1:]:
        entries, warnings = gather(
            entries_of(
                read_streams([answer.body or b""], kind=_kind_of(answer.url)),
                base=asked.location,
                username=asked.username or "",
                password=asked.password or "",
            )
        )
        all_entries += entries
        all_warnings += warnings
    return Understood(
        entries=tuple(all_entries), warnings=tuple(all_warnings), https_port=account.https_port
    )


def plain(body: bytes) -> Iterator[bytes]:
    """Yield a body's bytes; a file that was packed by gzip, as guides often are, is unpacked.

    Raises
    ------
    LimitError
        If it unpacks to more than any list or guide has.
    SourceError
        If it breaks off.
    """
    if not body.startswith(b"\x1f\x8b"):
        yield body
        return
    left = UNPACKED_BYTES
    try:
        for chunk in unpacked(io.BytesIO(body), ".gz"):
            left -= len(chunk)
            if left < 0:
                raise LimitError(f"it unpacks to more than {UNPACKED_BYTES:,} bytes")
            yield chunk
    except PACKED_ERRORS as error:
        raise SourceError("the gzip file is cut off or not valid") from error


def gather(
    found: Iterable[PlaylistEntry | ReadWarning],
) -> tuple[tuple[PlaylistEntry, ...], tuple[ReadWarning, ...]]:
    """Part entries from warnings; of more than a service has, the rest is one warning."""
    entries: list[PlaylistEntry] = []
    warnings: list[ReadWarning] = []
    for item in found:
        if isinstance(item, ReadWarning):
            warnings.append(item)
        elif len(entries) < MAX_STREAMS:
            entries.append(item)
        else:
            warnings.append(
                ReadWarning(line=item.line, why=message("unread.more-entries", most=MAX_STREAMS))
            )
            break
    return tuple(entries), tuple(warnings)


def _kind_of(url: str) -> str:
    action = dict(parse_qsl(urlsplit(url).query)).get("action")
    return next((kind for kind, name in xtream.ACTIONS.items() if name == action), "live")
