"""Texts that are never shown: secrets, and places that may hold one.

Each has one written form, and that is redacted: in a record, in ``--json``, in an f-string, in a
traceback. What it stands for is had by :meth:`Hidden.reveal` alone, so every use can be searched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import fields
from functools import cache
from pathlib import PurePath
from typing import Any, Self, get_args, get_type_hints
from urllib.parse import SplitResult, urlsplit, urlunsplit

from cautery.errors import InputError
from cautery.model.pseudonyms import Pseudonyms
from cautery.model.sighting import RedactedUrl

_PSEUDONYM = re.compile(r"~(?:[0-9a-f]{16})?")
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,5}")


class Hidden:
    """A text with a written form of its own.

    Equal texts of one type are equal, so that it can be looked up by. It cannot be pickled.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text itself: to use it, not to write it."""
        return self._text

    def shown(self, pseudonyms: Pseudonyms | None = None) -> str:
        """Return its written form; with ``pseudonyms``, the same secret can be told again."""
        return _pseudonym(self._text, pseudonyms)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.shown()!r})"

    def __str__(self) -> str:
        return self.shown()

    def __format__(self, spec: str) -> str:
        return format(self.shown(), spec)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other._text == self._text

    def __hash__(self) -> int:
        return hash((type(self), self._text))

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __reduce__(self) -> str:
        raise TypeError(
            f"neither a {type(self).__name__} nor anything that holds one can be pickled"
        )

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """Return how one is read back from a record, where its written form stands."""
        from pydantic_core import core_schema  # noqa: PLC0415 - heavy: 0.2 s of CPU

        return core_schema.no_info_after_validator_function(cls, core_schema.str_schema())


class Secret(Hidden):
    """A user, a word, a token, a MAC: in a record it is ``~`` and a keyed hash.

    Examples
    --------
    >>> word = Secret("s3cret")
    >>> f"{word} {word!r}"
    "~ Secret('~')"
    """

    __slots__ = ()


class Location(Hidden):
    """Where something is: a URL, shown redacted, or a file, shown by its name.

    Of a URL of others stays what :class:`RedactedUrl` leaves: they are what is looked into.

    Examples
    --------
    >>> print(Location("http://bob:word@lists.example/2026/sports.m3u?token=t0p"))
    http://lists.example/2026/sports.m3u?token=~
    >>> print(Location("/home/anna/cases/list.m3u"))
    list.m3u
    """

    __slots__ = ()

    def shown(self, pseudonyms: Pseudonyms | None = None) -> str:
        """Return the URL with its secrets replaced, or the name of the file."""
        if "://" not in self._text:
            return PurePath(self._text).name
        try:
            return self._url(pseudonyms)
        except (InputError, ValueError):
            return _pseudonym(self._text, pseudonyms)

    def _url(self, pseudonyms: Pseudonyms | None) -> str:
        return RedactedUrl.of(self._text, pseudonyms or _Unkeyed()).text


class OwnLocation(Location):
    """A location of your own: of its URL only scheme, host, port and the file's suffix stay.

    A clean feed, a provider's list, a proxy: nobody looks into them, and where in such a URL the
    secret stands is known to its server alone.

    Examples
    --------
    >>> print(OwnLocation("https://us:word@feeds.example:8443/k/t0p/clean.m3u8?b=1"))
    https://feeds.example:8443/~/~/~.m3u8?~
    """

    __slots__ = ()

    def _url(self, pseudonyms: Pseudonyms | None) -> str:
        parts = urlsplit(self._text)
        host = parts.hostname or ""
        netloc = f"[{host}]" if ":" in host else host
        netloc += "" if parts.port is None else f":{parts.port}"
        names = [
            _pseudonym(segment, pseudonyms) if segment else "" for segment in parts.path.split("/")
        ]
        suffix = PurePath(parts.path).suffix
        if _SUFFIX.fullmatch(suffix) and names[-1]:
            stem = parts.path.rpartition("/")[2].removesuffix(suffix)
            names[-1] = _pseudonym(stem, pseudonyms) + suffix
        # A stream of SRT may be named behind a number sign: srt://h:9000?streamid=#!::r=arena
        asked = f"{parts.query}#{parts.fragment}" if parts.fragment else parts.query
        query = _pseudonym(asked, pseudonyms) if asked else ""
        return urlunsplit(SplitResult(parts.scheme, netloc, "/".join(names), query, ""))


def revealed(text: Hidden | None) -> str | None:
    """Return what a text stands for, if there is one: to use it, not to write it."""
    return None if text is None else text.reveal()


def hide_at_birth(noun: Any) -> None:
    """Wrap, in a dataclass's ``__post_init__``, every plain text in a field of a hidden type.

    So nobody can make a noun whose secret lies in it plainly.
    """
    for name, kind in _hidden_fields(noun.__class__):
        value = getattr(noun, name)
        if isinstance(value, str):
            object.__setattr__(noun, name, kind(value))
        elif isinstance(value, tuple):
            wrapped = tuple(kind(item) if isinstance(item, str) else item for item in value)
            object.__setattr__(noun, name, wrapped)


def own_locations(noun: Any) -> Iterator[str]:
    """Yield what each own location in a dataclass stands for."""
    for name, kind in _hidden_fields(noun.__class__):
        value = getattr(noun, name)
        if issubclass(kind, OwnLocation):
            values = value if isinstance(value, tuple) else (value,)
            yield from (location.reveal() for location in values if location is not None)


@cache
def _hidden_fields(noun: type) -> tuple[tuple[str, type[Hidden]], ...]:
    hints = get_type_hints(noun)
    hidden = []
    for field in fields(noun):
        hint = hints[field.name]
        hidden += [
            (field.name, kind)
            for kind in (hint, *get_args(hint))
            if isinstance(kind, type) and issubclass(kind, Hidden)
        ]
    return tuple(hidden)


class _Unkeyed:
    """The pseudonyms without a key: every secret looks the same."""

    def of(self, secret: str, *, digits: int = 16) -> str:  # noqa: ARG002 - the port's
        return ""

    def all_of(self, secrets: Sequence[str]) -> tuple[str, ...]:
        return ("",) * len(secrets)


def _pseudonym(text: str, pseudonyms: Pseudonyms | None) -> str:
    if _PSEUDONYM.fullmatch(text):
        return text
    return "~" if pseudonyms is None else "~" + pseudonyms.of(text)
