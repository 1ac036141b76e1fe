r"""Bytes of any size that cost a careless parser more than they weigh: repeated, nested, unclosed.

A flood is a beginning that a reader takes for its own, and then one piece again and again; a
parser that looks back, ahead, or begins anew at each of them takes a time that grows with the
square of the length.

Examples
--------
>>> from cautery.lab.floods import floods
>>> flood = next(iter(floods("m3u", b"#EXTM3U\n#EXTINF:-1,A\nhttp://a.example/1\n")))
>>> flood.kind, len(flood.bytes_of(10_000)) <= 10_000
('m3u', True)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

LINE_BYTES = 60_000
"""Just short of the longest line that readers keep."""
_GENERIC = (
    b"\n", b" ", b"\t", b"\r", b"\r\n\r\n", b"a", b"9", b"\0", b"\xff", "é".encode(), b"a\n",
    b",\n", b"#\n", b'"', b"'", b'\\"', b"=", b":", b",", b"&", b"%3D", b";", b"/", b"../", b"a=",
    b'a="', b'a="b" ', b"a: b\n", b"<", b"</", b"<!", b"<a>", b"<div>", b"<a b=c>",
    b'<a b="', b"<!--", b"<![CDATA[", b"&amp;", b"&#9", b"<p><b>", b"[", b"{", b'{"a":', b'["',
    b'{"a":1},', b"{x},", b"(", b"('", b"(1,'a'),", b"1,", b"1 ",
    b"-----BEGIN CERTIFICATE-----\n", b"http://a.example/1\n",
)  # fmt: skip
"""Pieces that hurt some format or other."""
_OF_KIND: dict[str, tuple[bytes, ...]] = {
    "m3u": (b",\n", b"#EXTINF:-1,\n", b"#EXTINF:1,a\nb\n", b'#EXTINF:-1 a="', b"|a=b&",
            b"#EXTGRP:a\n"),
    "hls": (b"#EXTINF:4.0,\n", b"#EXTINF:4,\na.ts\n", b"#EXT-X-KEY:METHOD=NONE\n", b"{$a}"),
    "dash": (b"<S d='1'/>", b"<Period>", b"<BaseURL>a</BaseURL>", b"$Time$"),
    "xmltv": (b"<programme ", b"<channel id='a'>", b"</tv>", b"<title>a</title>"),
    "xtream": (b'{"stream_id":', b'"},{"', b"\\u00"),
    "stalker": (b'"},{"', b'{"id":"1"},', b"\\u00"),
    "page": (b"<p>$9 / month", b"9 months ", b"a@b.example ", b"9 000 ", b"<script>", b"<svg>",
             b"0x52908400098527886E0F7030069857D2E4169EEa ", b"<h1>", b'<a href="/x">', b"u =",
             b"<div>"),
    "tls": (b"-----BEGIN CERTIFICATE-----\n", b"-----END CERTIFICATE-----\n",
            b"-----BEGIN CERTIFICATE-----AAAA\n"),
    "whois": (b". ", b"1. ", b"Status: a ", b"[a] "),
    "dns": (b"a 1 IN A 1.2.3.4\n", b'{"rrname":"a","rrtype":"A"}\n', b"$\n"),
    "ical": (b"BEGIN:VEVENT\r\n", b"BEGIN:VTIMEZONE\r\n", b"END:VEVENT\r\n", b" a\r\n"),
    "panel_sql": (b"INSERT INTO users VALUES ", b"--\n", b"/*", b"`", b"\\'", b'\0"],'),
    "access_log": (b'1.2.3.4 - - [26/Nov/2024:20:45:00 +0100] "', b'{"remote_addr":"'),
}  # fmt: skip
"""Pieces of a format's own, beside the lines of its sample."""
_LINES = {
    "m3u": ((b"#EXTINF:-1 a=", b" ", b"x"), (b'#EXTINF:-1 a="', b'a="', b""),
            (b"#EXTINF:-1,A\nhttp://a.example/1\n", b"\n", b"")),
    "whois": ((b"   ", b" ", b"x"), (b"Status: a", b" ", b"b"), (b"1.", b" ", b"x")),
    "panel_sql": ((b"INSERT INTO users (id, username) VALUES (1,'a',", b"\0", b'"b"],"c");'),),
}  # fmt: skip
"""Lines of a format that open with something, go on with one letter, and end."""
_POSTGRESQL = b"-- PostgreSQL database dump\n"
_ROWS = b"INSERT INTO users (id) VALUES "
_BEGINNINGS: dict[str, tuple[tuple[bytes, bytes], ...]] = {
    "panel_sql": (
        (_POSTGRESQL + _ROWS, b"(E'\\'),"),
        (_POSTGRESQL + _ROWS, b"('a\\'),"),
        (_POSTGRESQL + _ROWS, b"(E'"),
        (_POSTGRESQL, b"CREATE TABLE a (b E'\\' E' E'\\\n"),
        (_POSTGRESQL, b"CREATE TABLE a (b;-- E'\\' E' E'\\\n"),
        (b"-- MySQL dump\n" + _ROWS, b"('\\'),"),
        (_ROWS, b"(\\',"),
        (b"", b"CREATE TABLE a (b \"'\"\\'\\\n"),
        (b"", b"CREATE TABLE a (b;-- \\'\\\n"),
        (_ROWS + b"(1)", b" "),
        (_ROWS + b"(1),", b" "),
    ),
}
"""Beginnings of a format that are not its sample's, and a piece that hurts behind each."""
_OF_LINES = frozenset(
    ("m3u", "hls", "whois", "dns", "ical", "netflow", "panel_dump", "panel_sql", "access_log")
)
"""Readers that look at one line after the other."""
_OTHER_LINES = {
    "dns": b"www.a.example. 300 IN A 192.0.2.1",
    "whois": b"1. [Name Server] ns1.a.example (192.0.2.1)",
    "hls": b'#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",URI="b"',
    "ical": b"DTSTART;TZID=Europe/Paris:20261127T204500",
}
"""Lines of a format that its sample lacks."""
_CUT = re.compile(rb"[\s=:\"'(\[,;|.-]")
_MOST_CUTS, _CUTS_TOGETHER = 48, 8
_PAIRS = ((b"<b>", b"</i>"), (b"[", b"]"), (b'{"a":', b"}"), (b"\0", b'\0"],'), (b'a="', b",\n"))
"""Many of the one, then as many of the other."""
_ZONE = (
    b"BEGIN:VTIMEZONE\r\nTZID:Z\r\n"
    + b"BEGIN:STANDARD\r\nDTSTART:19961027T030000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\n"
    b"END:STANDARD\r\n" * 12 + b"END:VTIMEZONE\r\n"
)
_PAIRS_OF_KIND = {
    "ical": ((_ZONE, b"BEGIN:VEVENT\r\nDTSTART;TZID=Z:20261127T204500\r\nEND:VEVENT\r\n"),)
}
"""Pairs of a format's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flood:
    """One way to hurt one reader.

    Parameters
    ----------
    begins : bytes
        What makes the reader go on.
    units : tuple of bytes
        Each is repeated, one after the other.
    within : int
        Bytes of a line, where the flood is of many lines, each with its beginning; 0: none.
    opens : bytes
        What each such line begins with.
    own : bool
        Whether it is made for this kind of reader.
    ends : bytes
        What closes it, or each of its lines.
    cuts : tuple of bytes
        Beginnings of lines, each of which gets its share of the flood: where a reader tries every
        way to part a run of blanks, its time grows with the square of that share.
    """

    kind: str
    begins: bytes
    units: tuple[bytes, ...]
    within: int = 0
    opens: bytes = b""
    own: bool = False
    ends: bytes = b""
    cuts: tuple[bytes, ...] = ()

    def __str__(self) -> str:
        lines = f", in lines of {self.within} after {self.opens[-40:]!r}" if self.within else ""
        cuts = f" after each of {self.cuts!r}" if self.cuts else ""
        return f"{self.kind}: {self.begins[-40:]!r} then {self.units!r}{lines}{cuts}"

    def bytes_of(self, size: int) -> bytes:
        """Return at most so many bytes of it."""
        room = max(0, size - len(self.begins) - len(self.ends))
        if self.cuts:
            share = room // len(self.cuts)
            lines = (
                cut + self._run(share - len(cut) - len(self.ends) - 1) + self.ends + b"\n"
                for cut in self.cuts
            )
            return (self.begins + b"".join(lines))[:size]
        if not self.within:
            return self.begins + self._run(room) + self.ends
        limit = min(self.within, room) - len(self.opens) - 1
        line = self.opens + self._run(limit) + self.ends + b"\n"
        return (self.begins + line * max(1, room // len(line)))[:size]

    def _run(self, size: int) -> bytes:
        times = max(0, size) // len(self.units)
        return b"".join(unit * (times // len(unit)) for unit in self.units)


def floods(kind: str, sample: bytes) -> Iterator[Flood]:
    """Yield the floods of a kind of reader.

    Parameters
    ----------
    sample : bytes
        A small document of that kind, whose first line and lines are used.
    """
    lines = list(dict.fromkeys(sample.splitlines(keepends=True)))
    first = lines[0] if lines else b""
    middle = sample[: _middle(sample)]
    units = _OF_KIND.get(kind, ())
    for unit in units:
        yield Flood(kind=kind, begins=first, units=(unit,), own=True)
    for unit in (*_GENERIC, *(line[:400] for line in lines[1:9])):
        yield Flood(kind=kind, begins=middle, units=(unit,))
    for opens, unit, ends in _LINES.get(kind, ()):
        yield Flood(
            kind=kind, begins=first, units=(unit,), within=LINE_BYTES, opens=opens, ends=ends,
            own=True,
        )  # fmt: skip
    for units in _PAIRS_OF_KIND.get(kind, ()):
        yield Flood(kind=kind, begins=first, units=units, own=True)
    for begins, unit in _BEGINNINGS.get(kind, ()):
        yield Flood(kind=kind, begins=begins, units=(unit,), own=True)
    if kind in _OF_LINES:
        yield from _blanks_within(kind, first, lines)
    for pair in _PAIRS:
        yield Flood(kind=kind, begins=middle, units=pair)
    for opens in _openings(lines[1:9]):
        for unit in (b" ", b"a", b'"', b",", b'" ', b'a="'):
            yield Flood(
                kind=kind, begins=first, units=(unit,), within=LINE_BYTES, opens=opens,
                own=unit == b" ",
            )  # fmt: skip
    for line in lines[1:4]:
        yield Flood(
            kind=kind, begins=first, units=(b"\n",), within=LINE_BYTES, opens=line, own=True
        )


def _middle(sample: bytes) -> int:
    """Return where a sample's second half begins, at the end of a line if there is one."""
    at = sample.find(b"\n", len(sample) // 2)
    return at + 1 if at >= 0 else len(sample) // 2


def _blanks_within(kind: str, first: bytes, lines: list[bytes]) -> Iterator[Flood]:
    """Yield the floods of lines that are cut off behind a mark, and go on with blanks alone."""
    lines = [_OTHER_LINES.get(kind, b""), *lines[:80]]
    cuts = list(
        dict.fromkeys(line[: cut.end()] for line in lines for cut in _CUT.finditer(line, 0, 200))
    )
    # Some of all of them, for the lines of a sample are often alike.
    cuts = cuts[:: -(-len(cuts) // _MOST_CUTS) or 1]
    for at in range(0, len(cuts), _CUTS_TOGETHER):
        some_cuts = tuple(cuts[at : at + _CUTS_TOGETHER])
        # Without a first line of the format, the guess of the kind looks at the others.
        for begins in (first, b""):
            yield Flood(
                kind=kind, begins=begins, units=(b" ",), ends=b"x", cuts=some_cuts, own=True
            )


def _openings(lines: list[bytes]) -> Iterator[bytes]:
    """Yield lines cut off where a value begins: after the first mark that opens one."""
    for line in lines[:4]:
        cut = re.search(rb"[=:\"(>,]", line)
        if cut is not None and cut.end() < 200:
            yield line[: cut.end()]
