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
_PAIRS = ((b"<b>", b"</i>"), (b"[", b"]"), (b'{"a":', b"}"), (b"\0", b'\0"],'), (b'a="', b",\n"))
"""Many of the one, then as many of the other."""


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
    """

    kind: str
    begins: bytes
    units: tuple[bytes, ...]
    within: int = 0
    opens: bytes = b""
    own: bool = False
    ends: bytes = b""

    def __str__(self) -> str:
        lines = f", in lines of {self.within} after {self.opens[-40:]!r}" if self.within else ""
        return f"{self.kind}: {self.begins[-40:]!r} then {self.units!r}{lines}"

    def bytes_of(self, size: int) -> bytes:
        """Return at most so many bytes of it."""
        room = max(0, size - len(self.begins) - len(self.ends))
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


def _openings(lines: list[bytes]) -> Iterator[bytes]:
    """Yield lines cut off where a value begins: after the first mark that opens one."""
    for line in lines[:4]:
        cut = re.search(rb"[=:\"(>,]", line)
        if cut is not None and cut.end() < 200:
            yield line[: cut.end()]
