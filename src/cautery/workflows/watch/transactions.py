"""What of a transaction may lie in the open, and which payload was kept before."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urljoin, urlsplit

from cautery.errors import InputError
from cautery.evidence.warc import Earlier
from cautery.model import Digest, Exchange, ExhibitId, Pseudonyms, RedactedUrl, digest_of
from cautery.model.screen import finds_personal
from cautery.watch import redacted_text

MOST_KNOWN = 100_000
"""Payloads remembered: 12 s of media every 20 s, from ten probers, for two days."""
_LOCATIONS = frozenset(("location", "content-location", "referer"))
_PLAIN = frozenset(
    ("accept", "accept-encoding", "accept-ranges", "age", "cache-control", "connection",
     "content-encoding", "content-length", "content-range", "content-type", "date", "etag",
     "expires", "host", "if-modified-since", "if-none-match", "keep-alive", "last-modified",
     "pragma", "range", "retry-after", "server", "transfer-encoding", "user-agent", "vary", "via")
)  # fmt: skip
"""Headers that carry no line; any other stands as a keyed hash where an exchange is in the open."""
_SAID = frozenset(("content-type", "etag", "server", "via"))
"""Of these, those in which a server writes what it likes."""
_MOST_TEXT = 1 << 20
_PRINTED = bytes(range(32, 127)) + b"\t\r\n"
_MAIL_HOST = re.compile(rb"@[A-Za-z0-9-]{3,63}\.[A-Za-z]{2,24}(?![A-Za-z0-9])")
"""It begins with a letter that can be looked for at the speed of memory."""
_MAIL_NAME = re.compile(rb"[A-Za-z0-9._%+-]{4}")


def is_personal(payload: bytes) -> bool:
    """Tell whether a payload must not lie in the open: a text with personal data, or a long one.

    In media only an e-mail address is looked for, which a stream's own metadata may hold.
    """
    head = payload[:4096]
    if b"\0" in head or len(head.translate(None, _PRINTED)) > len(head) // 3:
        return any(
            _MAIL_NAME.fullmatch(payload, max(found.start() - 4, 0), found.start())
            for found in _MAIL_HOST.finditer(payload)
        )
    return len(payload) > _MOST_TEXT or finds_personal(payload.decode("utf-8", "replace"))


def in_the_open(one: Exchange, pseudonyms: Pseudonyms) -> Exchange:
    """Return an exchange whose URLs and headers carry no credential; its payload is as it was.

    Parameters
    ----------
    pseudonyms : Pseudonyms
        Of the case.
    """
    shown = RedactedUrl.of(one.url, pseudonyms).text
    parts = urlsplit(shown)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return replace(
        one,
        url=shown,
        target=path if one.target.startswith("/") else shown,
        request_headers=_shown(one.request_headers, one.url, pseudonyms),
        headers=_shown(one.headers, one.url, pseudonyms),
        reason=redacted_text(one.reason, pseudonyms),
    )


def _shown(
    headers: Sequence[tuple[str, str]], base: str, pseudonyms: Pseudonyms
) -> tuple[tuple[str, str], ...]:
    shown = []
    for name, value in headers:
        plain = name.lower()
        if plain in _LOCATIONS:
            try:
                value = RedactedUrl.of(urljoin(base, value), pseudonyms).text  # noqa: PLW2901
            except (InputError, ValueError):
                value = "~" + pseudonyms.of(value)  # noqa: PLW2901
        elif plain in _SAID:
            value = redacted_text(value, pseudonyms, kind="message")  # noqa: PLW2901
        elif plain not in _PLAIN:
            value = "~" + pseudonyms.of(value)  # noqa: PLW2901
        shown.append((name, value))
    return tuple(shown)


@dataclass(frozen=True, slots=True)
class _Kept:
    earlier: Earlier
    exhibit: ExhibitId


class Payloads:
    """Where each payload of a case was kept first: by its digest, and by its URL for a 304.

    Not safe from several threads at once: its owner holds the lock.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, Digest], _Kept] = OrderedDict()
        self._newest: OrderedDict[tuple[str, str], Digest] = OrderedDict()

    def earlier(
        self, exchanges: Sequence[Exchange], subject: str
    ) -> tuple[dict[int, Earlier], tuple[ExhibitId, ...]]:
        """Return which payloads were kept before, by place, and the exhibits that hold them.

        Parameters
        ----------
        subject : str
            Whose key seals them: what is sealed under one key does not lean on another's.
        """
        found: dict[int, Earlier] = {}
        exhibits: list[ExhibitId] = []
        for place, one in enumerate(exchanges):
            if one.status == 304:
                digest = self._newest.get((subject, one.url))
            else:
                digest = digest_of(one.payload) if one.payload and one.cut is None else None
            kept = None if digest is None else self._kept.get((subject, digest))
            if kept is not None:
                found[place] = kept.earlier
                exhibits.append(kept.exhibit)
        return found, tuple(dict.fromkeys(exhibits))

    def remember(self, exchanges: Sequence[Exchange], subject: str, exhibit: ExhibitId) -> None:
        """Take note of where payloads lie from now on."""
        for one in exchanges:
            if not one.payload or one.cut is not None:
                continue
            digest = digest_of(one.payload)
            earlier = Earlier(url=one.url, at=one.asked_at, digest=digest)
            self._kept.setdefault((subject, digest), _Kept(earlier, exhibit))
            self._newest[subject, one.url] = digest
            self._newest.move_to_end((subject, one.url))
        for table in (self._kept, self._newest):
            while len(table) > MOST_KNOWN:
                table.popitem(last=False)
