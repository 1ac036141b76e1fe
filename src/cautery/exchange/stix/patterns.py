"""Patterns of indicators: one value that is looked for, or several of which one is enough.

A pattern of anybody's is read by one walk over its letters, each once: expressions that could
run back and forth over a megabyte are not used.
"""

from __future__ import annotations

import re

from cautery.exchange.stix.observables import Observable

LONGEST_PATTERN = 1 << 21
"""Characters of a pattern that is read at all."""
MOST_VALUES = 10_000
"""Values of one pattern."""
_PATHS = {
    "domain-name:value": "domain-name",
    "url:value": "url",
    "ipv4-addr:value": "ipv4-addr",
    "ipv6-addr:value": "ipv6-addr",
}
_SPACE = re.compile(r"[ \t\r\n]*")
_PLAIN = re.compile(r"[^'\\]*")


def pattern_of(observable: Observable) -> str:
    r"""Return the pattern that looks for an observable.

    Examples
    --------
    >>> pattern_of(Observable("domain-name", "a.example"))
    "[domain-name:value = 'a.example']"
    """
    value = observable.value.replace("\\", "\\\\").replace("'", "\\'")
    return f"[{observable.type}:value = '{value}']"


def observables_in(pattern: str) -> tuple[Observable, ...] | None:
    """Return what a simple pattern looks for: names, URLs and addresses of which one is enough.

    ``None``: the pattern says more than that, such as AND, a range, or another kind of thing.

    Examples
    --------
    >>> observables_in("[url:value = 'http://a.example/' OR domain-name:value = 'a.example']")
    (Observable(type='url', value='http://a.example/'), Observable(type='domain-name', value='a.example'))
    >>> observables_in("[file:size > 3]")
    """  # noqa: E501 - what is shown is one line
    if len(pattern) > LONGEST_PATTERN:
        return None
    walk = _Walk(pattern)
    observables: dict[Observable, None] = {}
    while True:
        if not walk.takes("["):
            return None
        while True:
            observable = walk.comparison()
            if observable is None or len(observables) >= MOST_VALUES:
                return None
            observables[observable] = None
            if walk.takes("]"):
                break
            if not walk.takes("OR"):
                return None
        if walk.at_end:
            return tuple(observables)
        if not walk.takes("OR"):
            return None


class _Walk:
    """A place in a pattern that only moves on."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._place = 0

    @property
    def at_end(self) -> bool:
        self._skip()
        return self._place >= len(self._text)

    def takes(self, word: str) -> bool:
        self._skip()
        if not self._text.startswith(word, self._place):
            return False
        self._place += len(word)
        return True

    def comparison(self) -> Observable | None:
        self._skip()
        for path, kind in _PATHS.items():
            if self.takes(path):
                value = self._literal() if self.takes("=") else None
                return Observable(kind, value) if value else None
        return None

    def _literal(self) -> str | None:
        if not self.takes("'"):
            return None
        pieces = []
        while True:
            plain = _PLAIN.match(self._text, self._place)
            assert plain is not None
            pieces.append(plain[0])
            self._place = plain.end() + 1
            sign = self._text[plain.end() : self._place]
            if sign == "'":
                return "".join(pieces)
            escaped = self._text[self._place : self._place + 1]
            if sign != "\\" or escaped not in ("'", "\\"):
                return None
            pieces.append(escaped)
            self._place += 1

    def _skip(self) -> None:
        space = _SPACE.match(self._text, self._place)
        assert space is not None
        self._place = space.end()
