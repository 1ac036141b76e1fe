"""The lines before an entry of a playlist, in any dialect: its title, attributes and headers."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

from cautery.messages import message
from cautery.model.message import Message

_DURATION = re.compile(r"\s*([+-]?\d{1,12}(?:\.\d{1,9})?)")
_NAME = re.compile(r"([^\s=,\"']{1,64})\s{0,8}=\s*+")
_AFTER_QUOTE = re.compile(r"\s*+(?:,|$)|\s++[^\s=,\"']{1,64}\s{0,8}=|(?=[a-z][a-z-]{1,30}=[\"'])")
_UNQUOTED_END = re.compile(r",|(?<!\s)\s++[^\s=,\"']{1,64}\s{0,8}=")
"""Whitespace is looked at once, from where it begins: there may be a whole line of it."""
_MOST_QUOTES = 32
"""So many quotes in a value are asked if they end it; titles have four at most."""
_LATE = re.compile(r"\s*+,?\s*+[A-Za-z][\w-]{1,40}\s{0,8}=\s{0,8}[\"']")
_MOST_LATE = 16
"""Each is a pass over the rest of the line, which may be all of 64 KB."""
MOST_ATTRIBUTES = 64
"""Of one entry, its headers among them."""


@dataclass(slots=True)
class Pending:
    """The lines since the last URL, which describe the next entry."""

    described: bool = False
    title: str | None = None
    duration_s: float | None = None
    attributes: list[tuple[str, str]] = field(default_factory=list)
    headers: list[tuple[str, str]] = field(default_factory=list)
    line: int = 0

    def take(self, line: str, number: int) -> Message | None:
        """Take one ``#`` line in; return what is wrong with it, or nothing."""
        tag, _, value = line.partition(":")
        tag = tag.upper()
        self.line = self.line or number
        if tag == "#EXTINF":
            self.described, self.line = True, number
            return self._extinf(value)
        if len(self.attributes) + len(self.headers) >= MOST_ATTRIBUTES:
            return message("unread.many-attributes")
        if tag == "#EXTGRP" and value.strip():
            if all(name != "group-title" for name, _ in self.attributes):
                self.attributes.append(("group-title", value.strip()))
        elif tag == "#EXTVLCOPT":
            name, _, what = value.strip().partition("=")
            if name.lower().startswith("http-"):
                self.headers.append((header_name(name.lower()[5:]), what.strip()))
            else:
                self.attributes.append((f"vlc:{name.strip().lower()}", what.strip()))
        elif tag == "#KODIPROP":
            name, _, what = value.strip().partition("=")
            self.attributes.append((f"kodi:{name.strip().lower()}", what.strip()))
        elif tag.startswith("#EXT") and not tag.startswith("#EXTM3U") and value:
            self.attributes.append((tag[1:].lower(), value.strip()))
        return None

    def _extinf(self, value: str) -> Message | None:
        problem = None
        if match := _DURATION.match(value):
            seconds = float(match[1])
            self.duration_s = seconds if seconds > 0 and math.isfinite(seconds) else None
            value = value[match.end() :]
        else:
            problem = message("unread.no-duration")
        attributes, title, unread = attributes_in(value)
        # Some lists put a comma before the attributes, or between them.
        for _ in range(_MOST_LATE):
            if not _LATE.match(title):
                break
            late, title, _ = attributes_in(title.lstrip(" ,\t"))
            attributes += late
        self.attributes.extend(attributes[:MOST_ATTRIBUTES])
        self.title = title or self._named() or None
        return unread or problem

    def _named(self) -> str:
        return next((value for name, value in self.attributes if name == "tvg-name"), "")


def header_name(name: str) -> str:
    """Return an HTTP header as it is spelled; VLC has another word for one."""
    return {"referrer": "Referer", "user-agent": "User-Agent"}.get(name, name.title())


def attributes_in(text: str) -> tuple[list[tuple[str, str]], str, Message | None]:
    """Split ``key="value" ... ,title``; also say what could not be read."""
    attributes: list[tuple[str, str]] = []
    problem: Message | None = None
    at, end = 0, len(text)
    loose: list[str] = []
    while at < end and len(attributes) < MOST_ATTRIBUTES:
        if text[at].isspace():
            at += 1
            continue
        if text[at] == ",":
            return attributes, text[at + 1 :].strip(), problem
        match = _NAME.match(text, at)
        if match is None:
            stop = at + 1
            while stop < end and text[stop] != "," and not text[stop].isspace():
                stop += 1
            loose.append(text[at:stop])
            at = stop
            continue
        at = match.end()
        value, at, complaint = _value(text, at)
        problem = problem or complaint
        attributes.append((match[1].lower(), value))
    if len(attributes) >= MOST_ATTRIBUTES:
        title = text[at:].partition(",")[2].strip()
        return attributes, title, message("unread.many-attributes")
    # No comma at all: some panels write the title straight after the attributes.
    return attributes, " ".join(loose), problem or (None if loose else message("unread.no-title"))


def _value(text: str, at: int) -> tuple[str, int, Message | None]:
    mark = text[at : at + 1]
    if mark in ('"', "'") and mark:
        close = text.find(mark, at + 1)
        first = close
        for _ in range(_MOST_QUOTES):
            if close == -1:
                break
            if _AFTER_QUOTE.match(text, close + 1):
                return text[at + 1 : close], close + 1, None
            close = text.find(mark, close + 1)
        if first != -1:
            return text[at + 1 : first], first + 1, None
        comma = text.find(",", at)
        stop = comma if comma != -1 else len(text)
        return text[at + 1 : stop], stop, message("unread.open-quote")
    stop_at = _UNQUOTED_END.search(text, at)
    stop = stop_at.start() if stop_at else len(text)
    return text[at:stop].strip(), stop, None
