"""A language in marks, and data in letters that no text of ours has: what is neither is forgotten.

Loaded by the fixture ``marks``; tests of pages and pictures use it.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Collection, Iterator
from enum import Enum
from gettext import GNUTranslations, NullTranslations
from html.parser import HTMLParser
from importlib.resources import files
from typing import Any

from cautery.drawing.europe import europe

_READ = ("alt", "aria-label", "data-head", "data-th", "placeholder", "title")
"""Attributes that people read."""
_SILENT = ("metadata", "script", "style")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_CYRILLIC = "абвгдежзийклмнопрстуфхцчшщ"
_DATA = str.maketrans(_LETTERS + _LETTERS.upper(), _CYRILLIC + _CYRILLIC.upper())
_CODES = r"\de-?\d+|\b(?:UTC|EUR|BTC|EU|[A-Z]{2})\b|\b[A-Z]…|(?<=\d\u202f)[kMG]\b"
"""What is the same in every language: a zone, currencies, countries, powers of a thousand."""


class Marked(NullTranslations):
    """A language that stands in marks; the places of a text stand outside them."""

    def info(self) -> dict[str, str]:
        return {"language": "qps_ploc"}

    def gettext(self, message: str) -> str:
        return "⟦" + re.sub(r"(%\(\w+\)s)", r"⟧\1⟦", message) + "⟧"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)


class Lacking(NullTranslations):
    """What stands behind a real language and keeps the texts that this one lacks."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: set[str] = set()

    def gettext(self, message: str) -> str:
        self.texts.add(message)
        return message

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)


def spoken(language: str) -> tuple[NullTranslations, Lacking]:
    """Return a real language, and what will hold the texts that were asked for and are English."""
    file = files("cautery.messages") / "locale" / language / "LC_MESSAGES" / "cautery.mo"
    with file.open("rb") as compiled:
        translations = GNUTranslations(compiled)
    lacking = Lacking()
    translations.add_fallback(lacking)
    return translations, lacking


class _Texts(HTMLParser):
    """What people read of a page or a picture."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.nodes: list[str] = []
        self.texts: list[str] = []
        self._within: list[str] = []
        self.feed(page)
        self.texts.append("\n".join(self.nodes))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.texts += [value for name, value in attrs if name in _READ and value]
        if tag in _SILENT:
            self._within.append("json" if ("type", "application/json") in attrs else tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._within.pop()

    def handle_data(self, data: str) -> None:
        within = self._within[-1] if self._within else ""
        if within == "style":  # what stands on a printed page
            self.texts += re.findall(r'content: "([^"]+)"', data)
        elif within == "json":  # what the page's script shows
            self.texts += strings(json.loads(data))
        elif not within:
            self.nodes.append(data)


def strings(value: Any) -> Iterator[str]:
    """Yield the texts of a value, enumerations excepted."""
    if isinstance(value, str) and not isinstance(value, Enum):
        yield value
    elif isinstance(value, dict):
        yield from strings(list(value.values()))
    elif isinstance(value, tuple | list | frozenset):
        for item in value:
            yield from strings(item)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for member in dataclasses.fields(value):
            yield from strings(getattr(value, member.name))


def as_data(value: Any, *, but: Collection[str] = ()) -> Any:
    """Return a value with its texts in Cyrillic letters, but for members of some names."""
    if isinstance(value, str) and not isinstance(value, Enum):
        return value.translate(_DATA)
    if isinstance(value, tuple | frozenset):
        return type(value)(as_data(item, but=but) for item in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.replace(
            value,
            **{
                member.name: as_data(getattr(value, member.name), but=but)
                for member in dataclasses.fields(value)
                if member.init and member.name not in but
            },
        )
    return value


def forgotten(page: str, known: Collection[str] = ()) -> list[str]:
    """Return what a page says in our letters and outside the marks, known data excepted."""
    world = europe()
    names = [shape["name"] for shape in world["countries"].values()]
    data = sorted(
        {*known, *names, *world["elsewhere"].values(), "European Union"}, key=len, reverse=True
    )
    allowed = re.compile("|".join((_CODES, *map(re.escape, filter(None, data)))))
    found = []
    for text in _Texts(page).texts:
        outside = re.sub(r"⟦[^⟦⟧]*(?:⟧|…|$)|%\(\w+\)s", "\n", text)
        found += [
            line.strip()
            for line in outside.split("\n")
            if re.search("[A-Za-z]", allowed.sub("", line))
        ]
    return found
