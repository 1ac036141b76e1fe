"""What was seen where and when, with no viewer's credential in clear."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit, urlunsplit

from cautery.errors import InputError
from cautery.model.evidence import ExhibitId
from cautery.model.times import require_utc

_SECRET_PARAMETERS = frozenset(
    "username user u password pass p pwd token tok key auth mac sn device_id sig signature".split()  # noqa: SIM905 - a table of words
)
_LINE_PATH = re.compile(
    r"^(?P<head>/(?:live|movie|series|timeshift|hls|hlsr|streaming|play)?/?)"
    r"(?P<user>[^/]{3,64})/(?P<word>[^/]{3,64})/(?P<tail>(?:.*/)?\d+(?:\.\w+)?)$"
)
_MAC = re.compile(r"(?i)\b(?:[0-9a-f]{2}(?::|%3a)){5}[0-9a-f]{2}\b")


def keyed_hash(secret: str, key: bytes) -> str:
    """Return the pseudonym that stands for ``secret``: HMAC-SHA-256, 16 hex digits."""
    return hmac.new(key, secret.encode(), hashlib.sha256).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class RedactedUrl:
    """A URL as it may be shown: credentials, tokens and MACs replaced by keyed hashes."""

    text: str

    @classmethod
    def of(cls, url: str, key: bytes) -> RedactedUrl:
        """Redact ``url``; the same secret under the same key gives the same pseudonym.

        Raises
        ------
        InputError
            If it is no URL.
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise InputError(f"not a URL: {url[:80]!r} ({error})") from error
        host = f"[{parts.hostname}]" if parts.hostname and ":" in parts.hostname else parts.hostname
        netloc = (host or "") + (f":{port}" if port is not None else "")

        def hidden(secret: str) -> str:
            return "~" + keyed_hash(secret, key)

        path = parts.path
        if line := _LINE_PATH.match(path):
            user, word = hidden(line["user"]), hidden(line["word"])
            path = f"{line['head']}{user}/{word}/{line['tail']}"
        path = _MAC.sub(lambda found: hidden(found[0].lower()), path)
        query = urlencode(
            [
                (name, hidden(value) if _secret(name, value) else value)
                for name, value in parse_qsl(parts.query, keep_blank_values=True)
            ],
            safe="~",
        )
        return cls(urlunsplit(SplitResult(parts.scheme, netloc, path, query, "")))

    @property
    def host(self) -> str:
        """The host's name or address, lower case, without a port."""
        return (urlsplit(self.text).hostname or "").rstrip(".")

    def __str__(self) -> str:
        return self.text


def _secret(name: str, value: str) -> bool:
    return bool(value) and (name.lower() in _SECRET_PARAMETERS or _MAC.search(value) is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A stream, page or name seen at a moment in a source (STIX 2.1 *sighting*).

    Parameters
    ----------
    url : RedactedUrl
        Credentials are keyed hashes; the exact bytes lie only in the sealed exhibit.
    title : str or None
        As offered; ``None``: nameless.
    source : str
        The source's redacted location.
    reader : str
        The reader that understood it.
    attributes : tuple of (str, str)
        What else the source said (group, logo, EPG id), names sorted; secrets redacted.
    exhibit : str
        The sealed bytes that it was read from.
    """

    url: RedactedUrl
    title: str | None
    source: str
    reader: str
    seen_at: datetime
    exhibit: ExhibitId
    attributes: tuple[tuple[str, str], ...] = field(default=())

    def __post_init__(self) -> None:
        require_utc("seen_at", self.seen_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A sighting's title resolved to one of the mandate's channels, events or works, or to none."""

    url: RedactedUrl
    title: str | None
    right: str | None
    probability: float
    why: str
