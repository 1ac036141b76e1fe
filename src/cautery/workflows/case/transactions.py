"""Which parts of a transaction may be stored in clear, and which payloads are already stored."""

from __future__ import annotations

import codecs
import re
import threading
import zlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from cautery.evidence.warc import Earlier
from cautery.formats import encoding_of
from cautery.model import Digest, Exchange, ExhibitId, Pseudonyms, RedactedUrl
from cautery.model.screen import finds_personal
from cautery.workflows.case.open_headers import shown_headers, shown_reason

MOST_PAYLOADS = 100_000
"""Payloads remembered: 12 s of media every 20 s, from ten probers, for two days."""
MOST_TEXT = 1 << 20
"""Bytes of the texts of one look that are looked through: some six seconds of CPU, where each
letter is hostile. What is longer, and what comes behind, is hidden unread."""
_MOST_UNPACKED = 32 << 20
"""Of one payload, and four times as much of one look."""
_MOST_PACKINGS = 3
_MOST_MEMBERS = 10_000
"""Of one payload: packers that work in blocks make one for each 64 kB."""
_FIRST_STEP, _LONGEST_STEP = 1 << 10, 1 << 20
_GZIP = b"\x1f\x8b"
_PRINTED = bytes(range(32, 127)) + b"\t\r\n"
_MAIL_HOST = re.compile(rb"@[A-Za-z0-9-]{3,63}\.[A-Za-z]{2,24}(?![A-Za-z0-9])")
"""It begins with a letter that can be looked for at the speed of memory."""
_MAIL_NAME = re.compile(rb"[A-Za-z0-9._%+-]{4}")


@dataclass(slots=True)
class Budget:
    """How much of the answers of one look is still read for what is in them."""

    text: int = MOST_TEXT
    unpacked: int = 4 * _MOST_UNPACKED


def shows_persons(one: Exchange, budget: Budget) -> bool:
    """Tell whether the payload of an exchange must not lie in the open, packed as it may be.

    See :func:`is_personal`. What cannot be unpacked within bounds must not either.
    """
    payload = one.payload
    packed = any(
        name.lower() == "content-encoding" and value.strip().lower() not in ("", "identity", "none")
        for name, value in one.headers
    )
    for _ in range(_MOST_PACKINGS):
        if not payload or not (packed or payload.startswith(_GZIP)):
            return is_personal(payload, budget)
        whole = _unpacked(payload, most=min(_MOST_UNPACKED, budget.unpacked))
        if whole is None:
            return True
        budget.unpacked -= len(whole)
        payload, packed = whole, False
    return True


def _unpacked(payload: bytes, *, most: int) -> bytes | None:
    """Return what gzip or deflate packed, as far as it goes; ``None``: it is neither, or a bomb."""
    for form in (47, -15):  # a header of gzip or zlib; none, as some servers send deflate
        try:
            return _members(payload, form, most=most)
        except zlib.error:
            continue
    return None


def _members(payload: bytes, form: int, *, most: int) -> bytes | None:
    """Return what all members of a packed payload hold; ``None``: more than is looked at.

    A member gets little at first, then more: zlib copies what a member leaves over, and gzip allows
    a member every twenty bytes.
    """
    packed, end = memoryview(payload), len(payload.rstrip(b"\0"))
    parts, left, at = list[bytes](), most, 0
    for _ in range(_MOST_MEMBERS):
        stream, step = zlib.decompressobj(form), _FIRST_STEP
        while at < end and not stream.eof:
            piece = packed[at : at + step]
            parts.append(stream.decompress(piece, left))
            left -= len(parts[-1])
            if left <= 0:
                return None
            at += len(piece) - len(stream.unused_data or stream.unconsumed_tail)
            step = min(2 * step, _LONGEST_STEP)
        if at >= end:
            return b"".join(parts)
    return None


def is_personal(payload: bytes, budget: Budget) -> bool:
    """Tell whether a payload must not lie in the open: a text with personal data, or a long one.

    A text longer than what is left to be looked through is a long one. In media only an e-mail
    address is looked for, which a stream's own metadata may hold.
    """
    head = payload[:4096]
    wide = encoding_of(head)
    if wide is not None:
        return _found_in(payload, wide, budget)
    if b"\0" in head or not (_is_utf8(head) or _is_mostly_ascii(head)):
        return any(
            _MAIL_NAME.fullmatch(payload, max(match.start() - 4, 0), match.start())
            for match in _MAIL_HOST.finditer(payload)
        )
    return _found_in(payload, "utf-8", budget)


def _found_in(payload: bytes, encoding: str, budget: Budget) -> bool:
    if len(payload) > budget.text:
        return True
    budget.text -= len(payload)
    return finds_personal(payload.decode(encoding, "replace"))


def _is_utf8(head: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return True


def _is_mostly_ascii(head: bytes) -> bool:
    return len(head.translate(None, _PRINTED)) <= len(head) // 3


def in_the_open(one: Exchange, pseudonyms: Pseudonyms) -> Exchange:
    """Return an exchange whose URLs and headers carry no credential; its payload is as it was.

    Parameters
    ----------
    pseudonyms : Pseudonyms
        Of the case.
    """
    redacted = RedactedUrl.of(one.url, pseudonyms).text
    parts = urlsplit(redacted)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return replace(
        one,
        url=redacted,
        target=path if one.target.startswith("/") else redacted,
        request_headers=shown_headers(one.request_headers, one.url, pseudonyms),
        headers=shown_headers(one.headers, one.url, pseudonyms),
        reason=shown_reason(one.reason, pseudonyms),
    )


@dataclass(frozen=True, slots=True)
class _Kept:
    earlier: Earlier
    exhibit: ExhibitId


class Payloads:
    """Where each payload of a case was kept first: by its digest, and by its URL for a 304.

    Not safe from several threads at once: who uses it holds the ``lock``.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self._payloads: OrderedDict[tuple[str, Digest], _Kept] = OrderedDict()
        self._newest: OrderedDict[tuple[str, str], Digest] = OrderedDict()

    def earlier(
        self, exchanges: Sequence[Exchange], digests: Sequence[Digest], subject: str
    ) -> tuple[dict[int, Earlier], tuple[ExhibitId, ...]]:
        """Return which payloads were kept before, by place, and the exhibits that hold them.

        Parameters
        ----------
        digests : sequence of Digest
            Of their payloads.
        subject : str
            Whose key seals them: what is sealed under one key does not lean on another's.
        """
        by_place: dict[int, Earlier] = {}
        exhibits: list[ExhibitId] = []
        for place, (exchange, own) in enumerate(zip(exchanges, digests, strict=True)):
            # Not modified: the server means the body that it sent before.
            if exchange.status == 304:
                digest = self._newest.get((subject, exchange.url))
            else:
                digest = own if exchange.payload and exchange.cut is None else None
            stored = None if digest is None else self._payloads.get((subject, digest))
            if stored is not None:
                by_place[place] = stored.earlier
                exhibits.append(stored.exhibit)
        return by_place, tuple(dict.fromkeys(exhibits))

    def remember(
        self,
        exchanges: Sequence[Exchange],
        digests: Sequence[Digest],
        subject: str,
        exhibit: ExhibitId,
    ) -> None:
        """Take note of where payloads lie from now on."""
        for exchange, digest in zip(exchanges, digests, strict=True):
            # A part of a payload must not stand for the whole in a later revisit record.
            if not exchange.payload or exchange.cut is not None:
                continue
            earlier = Earlier(url=exchange.url, at=exchange.asked_at, digest=digest)
            self._payloads.setdefault((subject, digest), _Kept(earlier, exhibit))
            self._newest[subject, exchange.url] = digest
            self._newest.move_to_end((subject, exchange.url))
        for table in (self._payloads, self._newest):
            while len(table) > MOST_PAYLOADS:
                table.popitem(last=False)

    def forget(self, subject: str) -> None:
        """Refer to nothing more that lies under a subject's key."""
        for key in [key for key in self._payloads if key[0] == subject]:
            del self._payloads[key]
        for place in [place for place in self._newest if place[0] == subject]:
            del self._newest[place]
