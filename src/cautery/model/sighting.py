"""What was seen where and when, with no viewer's credential in clear."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from cautery.errors import InputError
from cautery.model.evidence import ExhibitId
from cautery.model.host_names import host_of
from cautery.model.message import Message
from cautery.model.pseudonyms import Pseudonyms
from cautery.model.screen import NAMES, screened
from cautery.model.times import require_utc
from cautery.model.whole_text import whole_text

_SECRET_PARAMETER = re.compile(
    rf"(?i){NAMES}|u|p|passwd|tok(?:en)?|(?:play|access|auth)token|(?:api)?key|auth|mac|sn|deviceid"
    r"|sig(?:nature)?|session|sid|jwt|secret|pub(?:user|passwd)|ushertoken|jtv|conn"
)
"""Without the ``_`` and ``-`` that some write in them: ``user_name``, ``api-key``."""
_LINE_PARAMETERS = frozenset(("username", "password", "token"))
_LINE_HEADS = {"live": 2, "movie": 2, "series": 2, "timeshift": 2, "streaming": 2, "play": 2}
_LINE_HEADS |= {"hls": 2, "hlsr": 3}
"""First words of a panel's paths, and how many secrets follow: user and word, or a token first."""
_FILE_NAME = re.compile(
    r"(?i)(?:.+\.)?(?:m3u8?|mpd|ts|m2ts|m4[asv]|mp[34]|mkv|avi|mov|wmv|webm|flv|aac|cmf[av]|vtt|key)"
)
"""The last name of a path that is a file, or what a panel has for one: ``/play/TOKEN/ts``."""
_INDEX = re.compile(
    r"(?i)(?:index|master|playlist|manifest|mono|video|stream|chunklist)\.(?:m3u8?|mpd)"
)
_FOLDERS = frozenset(
    "app channel channels content hls live media static stream streams tv video videos vod".split()  # noqa: SIM905 - a table of words
)
"""Names before a stream's own that are nobody's: ``/vod/1234/index.m3u8``."""
_SLASH = re.compile(r"(?i)%(?:25)*2f")
_LOGIN = re.compile(r"[^\s:/@~]{3,64}:(?![0-9]{1,5}$)[^\s:/@~]{3,64}")
"""``user:word``, alone in a parameter; a host with its port is none."""
_NUMBER = re.compile(r"\d+(?:_\d*)*(?:\.\w+)?")
_MOMENT = re.compile(r"[\d:_-]{1,20}")
_TOKEN = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z])[A-Za-z0-9_\-=+.]{20,}")
_FILE = re.compile(r"(?P<stem>.+)\.(?P<suffix>[A-Za-z0-9]{2,5})")
_MIXED = re.compile(r"(?<![A-Za-z0-9])(?=[A-Za-z]*+[0-9])(?=[0-9]*+[A-Za-z])[A-Za-z0-9]{16,}")
"""A run in a file's name that no person wrote: ``channel_2026_1080p.m3u8`` has none."""
_MAC = re.compile(r"(?i)\b(?:[0-9a-f]{2}(?::|%3a)){5}[0-9a-f]{2}\b")
_PSEUDONYM = re.compile(r"~[0-9a-f]{16}")
_MAYBE_PERSONAL = re.compile(r"[%@:=(\[]|\+[0-9]|[0-9]\.[0-9]{1,3}\.[0-9]")
_RTMP = re.compile(r"(?i)\s*rtmp[a-z]{0,2}://")
_NO_FRAGMENT = re.compile(r"(?i)\s*(?:rtmp[a-z]{0,2}|rtsp|srt|udp)://")
"""Schemes whose clients send all that follows: ``srt://h:9000?streamid=#!::r=arena,m=request``."""
_WORD = re.compile(r"[A-Za-z]{0,19}")
"""A fragment that names a place on a page, and no line or token."""
_OPTIONS = re.compile(r"\s+(?=\w{1,40}=)")
"""Between a URL of RTMP and its options as librtmp has them: ``rtmp://h/app playpath=x live=1``."""
_QUERY = re.compile(r"[=&?@]")
_LEAST_BASE64 = 12
_LEAST_TOKEN = 20
_DEEPEST = 3
"""URLs inside a URL's query that are looked into; one further down is hidden whole."""


def carries_line(url: str) -> bool:
    """Tell whether a URL holds a line's credentials: in its authority, query, or panel-like path.

    Raises
    ------
    InputError
        If it is no URL.

    Examples
    --------
    >>> carries_line("http://panel.example/live/anna/s3cret/17.ts")
    True
    >>> carries_line("http://lists.example/2026/sports.m3u")
    False
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        raise InputError("not a URL: its host or port cannot be read") from None
    keys = {key.lower() for key, _ in parse_qsl(parts.query, keep_blank_values=True)}
    return (
        parts.username is not None
        or parts.password is not None
        or bool(keys & _LINE_PARAMETERS)
        or bool(_line_secrets([name.split(";")[0] for name in parts.path.split("/")], strict=True))
    )


def line_in(url: str) -> tuple[str, ...]:
    """Return the credentials that a URL surely holds: of its authority, query or a panel's path.

    Examples
    --------
    >>> line_in("http://panel.example/get.php?username=anna&password=s3cret&type=m3u")
    ('anna', 's3cret')
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return ()
    names = [name.split(";")[0] for name in parts.path.split("/")]
    secrets = [parts.username, parts.password]
    secrets += [value for name, value in parse_qsl(parts.query) if _is_secret_name(name)]
    if any(name.lower() in _LINE_HEADS for name in names):
        secrets += [names[place] for place in sorted(_line_secrets(names, strict=True))]
    return tuple(unquote(secret) for secret in secrets if secret)


@dataclass(frozen=True, slots=True)
class RedactedUrl:
    """A URL as it may be shown: credentials, tokens and MACs replaced by keyed hashes.

    Parameters
    ----------
    text : str
        The URL, redacted.

    Raises
    ------
    InputError
        If its host cannot be read: a record that anybody appended may hold any text.
    """

    text: str

    def __post_init__(self) -> None:
        try:
            urlsplit(self.text)
        except ValueError:
            raise InputError("not a URL: its host cannot be read") from None

    @classmethod
    def of(cls, url: str, pseudonyms: Pseudonyms) -> RedactedUrl:
        """Redact ``url``; the same secret gets the same pseudonym.

        Hidden are a line's user and word, path parameters, whatever looks like a token, MACs,
        secret parameters, and what :func:`~cautery.model.screen.screened` finds in path and query;
        the authority's user is dropped. What is redacted already stays as it is.

        Raises
        ------
        InputError
            If it is no URL.
        """
        return cls(_redacted(url, pseudonyms, 0))

    @property
    def host(self) -> str:
        """The host's name or address as it is asked, without a port."""
        return host_of(self.text)

    def __str__(self) -> str:
        return self.text


def _redacted(url: str, pseudonyms: Pseudonyms, depth: int) -> str:
    url, *options = _OPTIONS.split(whole_text(url)) if _RTMP.match(url) else [whole_text(url)]
    if _NO_FRAGMENT.match(url):
        url = url.replace("#", "%23")
    try:
        parts = urlsplit(url)
        port = parts.port
        name = parts.hostname
    except ValueError:
        # Neither the URL nor the error is quoted: both may hold a password.
        raise InputError("not a URL: its host or port cannot be read") from None
    host = f"[{name}]" if name and ":" in name else name
    netloc = (host or "") + (f":{port}" if port is not None else "")

    def hidden(secret: str) -> str:
        plain = unquote(secret)
        if not plain or _PSEUDONYM.fullmatch(plain):
            return plain
        return "~" + pseudonyms.of(plain.lower() if _MAC.fullmatch(plain) else plain)

    def personal(text: str) -> str:
        return screened(text, pseudonyms, kind="url")

    path = _redacted_path(parts.path, hidden)
    path = "/".join([_without_persons(personal, name) for name in path.split("/")])
    if not netloc and path.startswith("//"):
        path = "/" + path.lstrip("/")  # else what follows would be taken for the host
    query = urlencode(
        [
            (
                hidden(name) if _TOKEN.fullmatch(name) else name,
                personal(_redacted_value(name, value, hidden, pseudonyms, depth)),
            )
            for name, value in parse_qsl(parts.query, keep_blank_values=True)
        ],
        safe="~",
        errors="replace",
    )
    # Nobody is sent the fragment of the URL that is asked; that of one within it is, as it stands.
    fragment = parts.fragment if depth else ""
    if _WORD.fullmatch(fragment) is None:
        fragment = hidden(fragment)
    plain = urlunsplit(SplitResult(parts.scheme, netloc, path, query, fragment))
    pairs = (option.partition("=") for option in options)
    query_parts = (
        # What is a query itself has names of its own, which nobody looks at here.
        f"{name}={hidden(value)}"
        if _QUERY.search(value) and "://" not in value
        else f"{name}={personal(_redacted_value(name, value, hidden, pseudonyms, depth))}"
        for name, _, value in pairs
    )
    return " ".join([plain, *query_parts])


def _redacted_path(path: str, hidden: Callable[[str], str]) -> str:
    raw = path.split("/")
    whole = _line_secrets([segment.partition(";")[0] for segment in raw])
    split, secret = [segment.split(";") for segment in raw], whole
    if _SLASH.search(path) is not None:
        # A slash that is written as %2F parts names, too, unless it stands within a secret.
        pieces = [
            (piece.split(";"), place in whole)
            for place, segment in enumerate(raw)
            for piece in ([segment] if place in whole else _SLASH.split(segment))
        ]
        split = [piece for piece, _ in pieces]
        secret = _line_secrets([piece[0] for piece in split])
        secret |= {index for index, (_, is_secret) in enumerate(pieces) if is_secret}
    segments = []
    for index, (name, *parameters) in enumerate(split):
        if index in secret:
            text = hidden(name)
        else:
            login, at, remainder = name.rpartition(
                "@"
            )  # of a URL in a path, or one without a scheme
            text = hidden(login) + at + _without_token(remainder, hidden)
            if ":" in text or "%" in text:
                text = _MAC.sub(lambda match: hidden(match[0]), text)
        for parameter in parameters:
            label, equals, value = parameter.partition("=")
            text += f";{label}={hidden(value)}" if equals else f";{hidden(label)}"
        segments.append(text)
    return "/".join(segments)


def _without_persons(personal: Callable[[str], str], name: str) -> str:
    base64 = len(name) >= _LEAST_BASE64 and not name.islower() and not name.startswith("~")
    if not base64 and _MAYBE_PERSONAL.search(name) is None:
        return name
    plain = unquote(name)
    hidden = personal(plain)
    return name if hidden == plain else quote(hidden, safe="~!$&'()*+,;=:@", errors="replace")


def _line_secrets(names: list[str], *, strict: bool = False) -> set[int]:
    """Say which segments are a line's credentials: after its head, or before its number.

    ``strict``: only where a number follows them, as in a panel's own links.
    """
    last_number = next(
        (place for place in range(len(names) - 1, -1, -1) if _NUMBER.fullmatch(names[place])), -1
    )
    for index, name in enumerate(names):
        count = _LINE_HEADS.get(name.lower())
        if count is None:
            continue
        # One more than its own is enough, so that a path of heads alone takes linear time.
        nonempty = (
            segment for segment in (names[at] for at in range(index + 1, len(names))) if segment
        )
        after = list(islice(nonempty, count + 1))
        numbered = last_number > index + count
        alone = len(after) == count and _FILE_NAME.fullmatch(after[-1])  # a folder and its file
        if not (numbered or (not strict and len(after) >= count and not alone)):
            continue
        secret = {index + 1 + place for place in range(count)}
        for place, segment in enumerate(names[index + 1 + count : -1], index + 1 + count):
            if numbered and not _NUMBER.fullmatch(segment) and not _MOMENT.fullmatch(segment):
                secret.add(place)
        return secret
    if (
        len(names) >= 4
        and _NUMBER.fullmatch(names[-1])
        and all(len(segment) >= 3 for segment in names[1:3])
    ):
        # No head, or one that nobody knows: whatever stands before the number may be the word.
        return {
            place
            for place, segment in enumerate(names[:-1])
            if place in (1, 2) or (place > 2 and not _MOMENT.fullmatch(segment))
        }
    if (
        not strict
        and len(names) == 4
        and _INDEX.fullmatch(names[-1])
        and all(len(segment) >= 3 for segment in names[1:3])
        and names[1].lower() not in _FOLDERS
        and names[1].lower() not in _LINE_HEADS
    ):
        return {1, 2}
    return set()


def _without_token(name: str, hidden: Callable[[str], str]) -> str:
    if len(name) < _LEAST_TOKEN:
        return name
    plain = unquote(name)
    if (file := _FILE.fullmatch(plain)) is not None and _TOKEN.fullmatch(file["stem"]):
        if _MIXED.search(file["stem"]):
            return f"{hidden(file['stem'])}.{file['suffix']}"
        return name
    return hidden(name) if _TOKEN.fullmatch(plain) and file is None else name


def _redacted_value(
    name: str, value: str, hidden: Callable[[str], str], pseudonyms: Pseudonyms, depth: int
) -> str:
    if _SLASH.search(value) is not None:
        value = unquote(value)
    located = "://" in value or value.startswith("/")
    if located and not _is_secret_name(name) and depth < _DEEPEST:
        try:
            return _redacted(value, pseudonyms, depth + 1)
        except InputError:
            return hidden(value)
    return hidden(value) if _secret(name, value) or located else value


def _secret(name: str, value: str) -> bool:
    if not value:
        return False
    # Some servers part parameters by a semicolon, which a query of today does not.
    inner = (part.partition("=")[0].strip() for part in value.split(";")[1:])
    return (
        _is_secret_name(name)
        or any(map(_is_secret_name, inner))
        or (_LOGIN.fullmatch(value) is not None and _MOMENT.fullmatch(value) is None)
        or _MAC.search(value) is not None
        or _TOKEN.fullmatch(value) is not None
    )


def _is_secret_name(name: str) -> bool:
    return _SECRET_PARAMETER.fullmatch(name.replace("_", "").replace("-", "")) is not None


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
    """A title in a source, resolved to one of the mandate's channels, events or works, or none.

    Parameters
    ----------
    url : RedactedUrl
        The stream, redacted.
    title : str or None
        The title in the source; ``None``: without a title.
    right : str or None
        Id of the channel, event or work; ``None``: none of the mandate's.
    probability : float
        Probability that the title is this right, 0 to 1.
    why : Message
        What speaks for it and against it.
    """

    url: RedactedUrl
    title: str | None
    right: str | None
    probability: float
    why: Message
