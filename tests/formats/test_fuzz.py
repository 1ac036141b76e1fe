"""Laws that every reader keeps, whatever bytes it is given: samples of each format, and worse."""

import contextlib
import io
import time
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cautery.errors import CauteryError, SourceError
from cautery.formats import READERS, ReadWarning, guess, rows
from cautery.lab.authority import police

SAMPLES = {
    one.name: one.read_bytes()
    for one in sorted((Path(__file__).parent / "assets" / "samples").iterdir())
}
# Certificates with strange serial numbers are told of by the library beside being read.
pytestmark = pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
PURE = [kind for kind in READERS if kind in SAMPLES]
BASE = "http://h.example/live/x"
TEXT = [kind for kind in PURE if kind != "tls"]
SEIZED = ["panel_sql", "panel_dump", "access_log", "netflow"]


def read(kind, chunks):
    if READERS[kind].rows is not None:
        return rows(kind, chunks, authority=police())
    return READERS[kind].values(chunks, BASE)


def values(kind, chunks):
    return list(read(kind, chunks))


def test_there_is_a_sample_of_every_format():
    assert {"dash", "xmltv", "whois", "stalker", "har", "ct", "dns", "ical"} <= set(PURE)


@pytest.mark.parametrize("kind", PURE)
def test_a_sample_is_recognised_and_says_something(kind):
    assert guess(SAMPLES[kind][:8192]).kind == kind
    assert any(not isinstance(one, ReadWarning) for one in values(kind, [SAMPLES[kind]]))


@pytest.mark.parametrize(
    "kind", ["m3u", "xmltv", "xtream", "stalker", "ct", "dns", "har", "ical", *SEIZED]
)
def test_a_broken_record_is_a_warning_and_what_stands_around_it_is_read(kind):
    data = SAMPLES[kind] if kind != "m3u" else SAMPLES[kind] + b"<br>\n"
    found = values(kind, [data])
    assert any(isinstance(one, ReadWarning) and one.quoted for one in found)
    assert sum(not isinstance(one, ReadWarning) for one in found) >= 1


@pytest.mark.parametrize("kind", TEXT)
@pytest.mark.parametrize("cut", [1, 7, 64])
def test_it_does_not_matter_where_the_bytes_are_cut(kind, cut):
    data = SAMPLES[kind]
    pieces = [data[at : at + cut] for at in range(0, len(data), cut)]
    assert values(kind, pieces) == values(kind, [data])


@st.composite
def spoilt(draw):
    kind = draw(st.sampled_from(PURE))
    data = bytearray(SAMPLES[kind])
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(data)))
        what = draw(st.sampled_from(["cut", "put", "drop", "double"]))
        size = draw(st.integers(1, 40))
        if what == "cut":
            del data[at:]
        elif what == "put":
            data[at:at] = draw(
                st.binary(min_size=1, max_size=12)
                | st.sampled_from(
                    [
                        b"\0",
                        b"\xff\xfe",
                        b"-1",
                        b"9" * 30,
                        b"1970-01-01",
                        b"]]>",
                        b"{",
                        b"[[",
                        b'"',
                        b"\r",
                        b"&x;",
                        b"NaN",
                    ]
                )
            )
        elif what == "drop":
            del data[at : at + size]
        else:
            data[at:at] = data[max(0, at - size) : at]
    return kind, bytes(data)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(spoilt())
def test_spoilt_bytes_raise_nothing_but_our_own_errors(given_bytes):
    kind, data = given_bytes
    with contextlib.suppress(CauteryError):
        found = values(kind, [data])
        assert len(found) <= len(data)
        assert "1970-01-01" not in repr([one for one in found if not isinstance(one, ReadWarning)]).replace(
            "other=", ""
        ) or b"1970" in data  # fmt: skip


def test_a_zone_that_is_a_folder_of_zones_is_a_broken_event():
    event = b"BEGIN:VEVENT\r\nUID:1\r\nDTSTART;TZID=Europe:20261124T204500\r\nEND:VEVENT\r\n"
    found = values("ical", [b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + event + b"END:VCALENDAR\r\n"])
    assert [type(one) for one in found] == [ReadWarning]


def test_a_certificate_of_a_version_that_does_not_exist_is_refused():
    version = b"\xa0\x03\x02\x01\x02"
    assert version in SAMPLES["tls"]
    with pytest.raises(SourceError, match="malformed"):
        values("tls", [SAMPLES["tls"].replace(version, version[:-1] + b"\x0a")])


BOMBS = {
    "json nested 100,000 deep": b'{"js":' + b"[" * 100_000,
    "an array nested 100,000 deep": b"[" * 100_000,
    "xml nested 100,000 deep": b"<tv>" + b"<a>" * 100_000,
    "an mpd nested 100,000 deep": b"<MPD>" + b"<Period>" * 100_000,
    "a billion laughs": b'<!DOCTYPE tv [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><tv>&b;</tv>',
    "an outside entity": b'<!DOCTYPE MPD [<!ENTITY x SYSTEM "file:///etc/passwd">]><MPD>&x;</MPD>',
    "an outside parameter": b'<!DOCTYPE tv [<!ENTITY % p SYSTEM "http://h.example/">%p;]><tv/>',
    "an endless tag": b'<tv><channel id="' + b"x" * 1_500_000,
    "an endless comment": b"<tv><!--" + b"x" * 1_500_000,
    "a tag of 100,000 attributes": b"<tv><a " + b" ".join(b'a%d=""' % n for n in range(100_000)),
    "an endless line": b"#EXTM3U\n#EXTINF:-1," + b"x" * 1_500_000,
    "an endless key": b"domain: " + b"x" * 1_500_000,
    "an endless event": b"BEGIN:VCALENDAR\nBEGIN:VEVENT\n" + b"X-A:b\n" * 10_000,
    "an endless string": b'[{"name": "' + b"x" * 1_500_000,
    "a number that is too long": b"[" + b"9" * 1_500_000,
    "invalid utf-8": b"\xc3\x28" * 100_000,
    "only NUL": b"\0" * 1_000_000,
    "nothing": b"",
    "an endless row": b"CREATE TABLE users (id int, username text, exp_date int);\n"
    b"INSERT INTO users VALUES (1,'" + b"x" * 1_500_000,
    "rows never closed": b"INSERT INTO users VALUES " + b"(" * 70_000,
    "quotes never closed": b"INSERT INTO users VALUES (1,'a" + b"','" * 100_000,
    "many rows never closed": b"INSERT INTO users VALUES (1,'a\n" * 40_000,
    "a log line of quotes": b'1.2.3.4 - - [26/Nov/2024:20:45:00 +0100] "' + b'\\"' * 30_000,
    "a log nested 100,000 deep": b'{"remote_addr":' + b'{"a":' * 10_000 + b"\n",
    "opened brackets": b"[a " * 30_000,
    "spaces and colons": b" . : " * 30_000,
    "a status line of dots": b"Status" + b"." * 200_000 + b": ok\n",
    "a segment repeated for ever": b'<MPD><Period><AdaptationSet><Representation id="a"><SegmentTemplate media="$Time$">'
    b'<SegmentTimeline><S t="0" d="1" r="999999999"/></SegmentTimeline></SegmentTemplate></Representation>'
    b"</AdaptationSet></Period></MPD>",
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_no_bomb_takes_much_memory_or_time_or_another_error_than_ours(name, traced):
    for kind in PURE:
        with traced() as memory:
            began = time.process_time()
            bomb = io.BytesIO(BOMBS[name])
            with contextlib.suppress(CauteryError):
                for _ in read(kind, iter(partial(bomb.read, 65_536), b"")):
                    pass
            took = time.process_time() - began
        # Whole documents may be held (text, bytes and parts of the bomb itself), and no more of them.
        assert memory.peak < 4_000_000 + 40 * len(BOMBS[name]), (kind, memory.peak)
        assert took < 60, (kind, took)  # a hang, not a speed


@pytest.mark.parametrize("name", ["a billion laughs", "an outside entity", "an outside parameter"])
def test_entities_are_refused_by_name(name):
    kind = "dash" if b"MPD" in BOMBS[name] else "xmltv"
    with pytest.raises(SourceError, match="entity"):
        values(kind, [BOMBS[name]])


def test_what_stands_before_the_break_is_not_lost():
    for kind, end in (
        ("xmltv", b"<sub-title>"),
        ("har", b'{"request": {}}'),
        ("xtream", b'{"name": "lost"'),
    ):
        data = SAMPLES[kind][: SAMPLES[kind].index(end)]
        found = []
        with pytest.raises(SourceError):
            found.extend(one for one in READERS[kind].values([data], BASE) if found.append(one))
        assert found, kind
