"""IPTV playlists of any dialect, and what is no playlist at all."""

import io
import os
import tarfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cautery.errors import CauteryError, LimitError, SourceError
from cautery.formats import (
    READERS,
    PlaylistEntry,
    PlaylistLimits,
    ReadWarning,
    list_attributes,
    m3u,
    read_m3u,
)
from cautery.formats import _m3u_runs as m3u_runs
from cautery.messages import say

DATA = Path(os.environ.get("CAUTERY_DATA", Path(__file__).parents[3] / "shared" / "data"))
PLAYLISTS = DATA / "iptv-streams" / "playlists.tar.xz"


def read(text, **settings):
    data = text if isinstance(text, bytes) else text.encode()
    return list(read_m3u([data], **settings))


def entry(line, url="http://e.example/1.ts"):
    [found] = read(f"#EXTM3U\n#EXTINF:{line}\n{url}\n")
    return found


@pytest.mark.parametrize(
    ("line", "title", "attributes"),
    [
        ('-1 tvg-id="a.fr" group-title="Sport, live",Arena 1', "Arena 1",
         (("tvg-id", "a.fr"), ("group-title", "Sport, live"))),
        ("-1 tvg-id='a' ,Arena", "Arena", (("tvg-id", "a"),)),
        ("-1 tvg-id=a group-title=Two words,Arena", "Arena",
         (("tvg-id", "a"), ("group-title", "Two words"))),
        ('-1,Home, the "great" match, live', 'Home, the "great" match, live', ()),
        ('-1 tvg-name="The "Best" TV" tvg-logo="x",T', "T",
         (("tvg-name", 'The "Best" TV'), ("tvg-logo", "x"))),
        ('-1 tvg-id="1"tvg-name="2",T', "T", (("tvg-id", "1"), ("tvg-name", "2"))),
        ('-1 tvg-id="",T', "T", (("tvg-id", ""),)),
        ('-1 tvg-name="N",', "N", (("tvg-name", "N"),)),
        ('-1 UNKNOWN-thing="kept",T', "T", (("unknown-thing", "kept"),)),
        ("0,T", "T", ()),
        ('-1 tvg-id="a" Title without comma', "Title without comma", (("tvg-id", "a"),)),
    ],
)  # fmt: skip
def test_titles_and_attributes_are_read_in_every_dialect(line, title, attributes):
    found = entry(line)
    assert (found.title, found.attributes) == (title, attributes)


def test_options_beside_an_entry_become_attributes_and_headers():
    [found] = read(
        "#EXTM3U\n#EXTINF:-1,A\n#EXTGRP:Sport\n#EXTVLCOPT:http-user-agent=VLC\n"
        "#EXTVLCOPT:http-referrer=http://r.example/\n#EXTVLCOPT:network-caching=1\n"
        "#KODIPROP:inputstream.adaptive.license_type=clearkey\nhttp://e.example/1|Origin=o&X-A=b\n"
    )
    assert found.attributes == (
        ("group-title", "Sport"), ("vlc:network-caching", "1"),
        ("kodi:inputstream.adaptive.license_type", "clearkey"),
    )  # fmt: skip
    assert found.headers == (
        ("User-Agent", "VLC"), ("Referer", "http://r.example/"), ("Origin", "o"), ("X-A", "b"),
    )  # fmt: skip
    assert found.url == "http://e.example/1"


@pytest.mark.parametrize(
    "encoded",
    [
        "#EXTM3U\r\n#EXTINF:-1,Été ünd\r\nhttp://e.example/1\r\n".encode("utf-8-sig"),
        "#EXTM3U\r#EXTINF:-1,Été ünd\rhttp://e.example/1".encode(),
        "#EXTM3U\n#EXTINF:-1,Été ünd\nhttp://e.example/1\n".encode("latin-1"),
        "#EXTM3U\n#EXTINF:-1,Été ünd\nhttp://e.example/1\n".encode("utf-16"),
        "#EXTM3U\r\n#EXTINF:-1,Été ünd\r\nhttp://e.example/1\r\n".encode("utf-16-le"),
        "#EXTM3U\n#EXTINF:-1,Été ünd\nhttp://e.example/1\n".encode("utf-16-be"),
        b"\xfe\xff" + "#EXTM3U\n#EXTINF:-1,Été ünd\nhttp://e.example/1\n".encode("utf-16-be"),
    ],
)
@pytest.mark.parametrize("cut", [1, 7, 10_000])
def test_every_encoding_and_line_end_gives_the_same_entry_wherever_it_is_cut(encoded, cut):
    chunks = [encoded[at : at + cut] for at in range(0, len(encoded), cut)]
    [found] = read_m3u(chunks)
    assert (found.title, found.url) == ("Été ünd", "http://e.example/1")


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "empty"), (b"\0" * 5000, "NUL bytes"), (b"<!DOCTYPE html><html>", "HTML"),
        (b"  <html><body>#EXTM3U", "HTML"), (b'{"user_info": 1}', "JSON"), (b"\x1f\x8b\x08", "gzip"),
        (b"<?xml version='1.0'?><tv>", "XML"), (b"G" + bytes(187) + b"G" + bytes(187), "transport"),
        (b"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\na.m3u8\n", "HLS"),
        ("<html>".encode("utf-16"), "HTML"), (b"just some words\n", "neither"),
        (b"x" * 1_000_000, "neither"),
    ],
)  # fmt: skip
def test_what_is_no_playlist_is_refused_with_what_it_is(data, what):
    with pytest.raises(SourceError, match=what):
        read(data)


def test_a_broken_record_is_a_quoted_warning_and_the_reading_goes_on():
    found = read("#EXTM3U\n#EXTINF:-1,A\n#EXTINF:-1,B\nhttp://e.example/b\n#EXTINF:-1,C\n<br>\n")
    assert [one.title for one in found if isinstance(one, PlaylistEntry)] == ["B"]
    warnings = [
        (one.line, say(one.why), one.quoted) for one in found if isinstance(one, ReadWarning)
    ]
    assert warnings == [(2, "no URL follows", "'A'"), (6, "not a URL", "'<br>'")]


def test_many_warnings_are_counted_not_told():
    found = read(
        "#EXTM3U\nhttp://e.example/\n" + "<br>\n" * 1000, limits=PlaylistLimits(warnings=10)
    )
    assert len(found) == 12
    assert found[-1].count == 990


def test_nul_bytes_inside_a_line_are_dropped_with_a_warning():
    found = read(b"#EXTM3U\n#EXTINF:-1,A\0B\nhttp://e.example/1\n")
    assert found[-1].title == "AB"
    assert isinstance(found[0], ReadWarning)


def test_a_line_that_is_too_long_is_dropped_with_a_warning():
    found = read(b"#EXTM3U\n#EXTINF:-1," + b"x" * 200_000 + b"\nhttp://e.example/1\n")
    assert "a line of more than" in say(found[0].why)
    assert found[1].title is None


@pytest.mark.parametrize(
    "junk",
    ["a\n", "#\n", "#EXTINF:,a\n", " \n", "\ufeff\n", "\0\0\n"],
    ids=["words", "tags", "titles", "blanks", "marks", "zeros"],
)
def test_a_list_of_lines_that_give_no_entry_is_not_read_to_its_end(junk):
    read_bytes = []

    def chunks():
        yield b"#EXTM3U\nhttp://e.example/1\n"
        for _ in range(100):
            read_bytes.append(len(junk) * 1_000)
            yield junk.encode() * 1_000

    limits = PlaylistLimits(idle=5_000, warnings=3)
    *_, last = [item for item in read_m3u(chunks(), limits=limits) if getattr(item, "line", 0)]
    assert isinstance(last, ReadWarning)
    assert say(last.why) == "stopped after 5,064 lines that give no entry"
    assert sum(read_bytes) <= len(junk) * 8_000


def test_a_list_that_is_junk_from_its_beginning_is_no_playlist():
    with pytest.raises(SourceError, match="neither #EXTM3U nor an entry in 201 lines"):
        read("a\n" * 1_000, limits=PlaylistLimits(idle=200))


def test_reading_stops_at_the_entry_limit_and_says_so():
    found = read("http://e.example/1\n" * 50, limits=PlaylistLimits(entries=7))
    assert len(found) == 8
    assert "stopped after 7" in say(found[-1].why)


def test_more_bytes_than_allowed_are_a_limit_error():
    with pytest.raises(LimitError):
        read("#EXTM3U\n" * 100, limits=PlaylistLimits(total_bytes=300))


@pytest.mark.parametrize(
    "piece", [b"x" * 65_536, b"#EXTINF:-1,A\nhttp://e.example/live/u/p/1.ts\n" * 1000]
)
def test_a_huge_list_needs_no_more_memory_than_a_small_one(piece, traced):
    def endless():
        yield b"#EXTM3U\n"
        for _ in range(2_000_000 // len(piece)):
            yield piece

    for _ in zip(read_m3u(endless()), range(10), strict=False):
        pass  # what is compiled is loaded once, however long the list is
    with traced() as memory:
        for _ in read_m3u(endless()):
            pass
    assert memory.peak < 1_500_000


def test_relative_entries_need_the_lists_own_url():
    text = "#EXTM3U\n#EXTINF:-1,A\nlive/1.ts\n"
    assert isinstance(read(text)[0], ReadWarning)
    [found] = read(text, base="http://e.example/lists/a.m3u")
    assert found.url == "http://e.example/lists/live/1.ts"


def test_the_lists_own_attributes_are_read():
    assert list_attributes(b'#EXTM3U x-tvg-url="http://g.example/epg.xml"\n#EXTINF') == (
        ("x-tvg-url", "http://g.example/epg.xml"),
    )


@pytest.mark.data
@pytest.mark.skipif(not PLAYLISTS.exists(), reason="the shared data folder is not here")
def test_every_entry_of_the_real_playlists_is_read_without_a_warning():
    entries = warnings = 0
    with tarfile.open(PLAYLISTS) as archive:
        for member in archive:
            if member.isfile():
                found = read_m3u(io.BytesIO(archive.extractfile(member).read()))
                for one in found:
                    entries += isinstance(one, PlaylistEntry)
                    warnings += isinstance(one, ReadWarning)
    assert (entries, warnings) == (16_823, 0)


@given(st.lists(st.binary(max_size=300), max_size=6))
def test_no_bytes_raise_anything_but_our_own_errors(chunks):
    try:
        found = list(read_m3u([b"#EXTM3U\n#EXTINF:", *chunks]))
    except CauteryError:
        return
    assert len(found) <= sum(map(len, chunks)) + 2


LINES = st.sampled_from(
    ["#EXTM3U", "#EXTINF:", "-1 ", 'a="b"', 'a="', "'", '"', ",", "=", " ", "\n", "\r", "\0", "http://h/", "[", "|",
     "#EXTGRP:", "#KODIPROP:", "::1", "é", "\ufeff", "%", "#"]
)  # fmt: skip


@given(st.lists(LINES, max_size=60).map("".join))
def test_no_crooked_dialect_raises_anything_but_our_own_errors(text):
    try:
        read(text)
    except CauteryError:
        return


def both_ways(data, monkeypatch):
    """Read by single lines, then by runs; return what each says, or its error's class."""
    said = []
    for large in (False, True):
        with monkeypatch.context() as patch:
            patch.setattr(m3u, "_is_large", lambda stream, large=large: (large, stream))
            try:
                said.append(read(data))
            except CauteryError as error:
                said.append(type(error))
    return said


@pytest.mark.data
@pytest.mark.skipif(not PLAYLISTS.exists(), reason="the shared data folder is not here")
def test_the_short_way_through_usual_entries_says_what_the_long_way_says(monkeypatch):
    lists = 0
    with tarfile.open(PLAYLISTS) as archive:
        for member in archive:
            if member.isfile():
                data = archive.extractfile(member).read()
                slow, quick = both_ways(data, monkeypatch)
                assert quick == slow
                lists += 1
    assert lists == 325


USUAL = st.sampled_from(
    ["#EXTM3U\n", "#EXTINF:-1", "#EXTINF:60", "#extinf:-1", ' tvg-id="a"', ' tvg-name="N"', ' X="a,b"', ' a="b"c="d"',
     ' tvg-id=""', ",", ",T", ",T, U", "\n", "\r\n", "http://h.example/1", "https://h.example:80/a?b=c", "http://h:70000/",
     "http://h:19360/p", "\n\n", "#EXTVLCOPT:http-user-agent=A B \n", '#EXTINF:-1 a="b",T\nhttp://h/\n', "|User-Agent=x", "http://é/", " ", "#EXTGRP:G\n", "#EXTVLCOPT:http-referrer=r\n", "\0", '"', "'", "rtmp://h/x"]
)  # fmt: skip


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=500, deadline=None
)
@given(text=st.lists(USUAL, max_size=40).map("".join))
def test_no_list_is_read_otherwise_the_short_way(text, monkeypatch):
    slow, quick = both_ways("#EXTM3U\n" + text, monkeypatch)
    assert quick == slow


def test_a_large_list_is_read_by_runs_and_small_pieces_change_nothing(monkeypatch):
    text = "".join(
        f'#EXTINF:-1 tvg-id="é{at}" group-title="G, {at % 7}",Título {at}\n'
        + ("#EXTVLCOPT:http-user-agent=Mozilla/5.0 (X; Y)  \n" if at % 3 == 0 else "")
        + f"https://h.example:8{at % 10}80/{at}?a=b\n"
        for at in range(3_000)
    )
    data = ("#EXTM3U\n" + text).encode()
    runs = []
    monkeypatch.setattr(m3u, "_runs", lambda block: runs.append(block) or m3u_runs.Runs(block))
    found = list(read_m3u([data]))
    assert len(found) == 3_000
    assert len(runs) > 1
    assert found[2_999].title == "Título 2999"
    assert found[2_997].headers == (("User-Agent", "Mozilla/5.0 (X; Y)"),)
    pieces = [data[at : at + 977] for at in range(0, len(data), 977)]
    assert list(read_m3u(pieces)) == found


def test_no_more_entries_are_read_in_runs_than_the_limit_allows():
    data = b"#EXTM3U\n" + b"#EXTINF:-1,T\nhttp://h.example/1\n" * 10_000
    found = list(read_m3u([data], limits=PlaylistLimits(entries=4_100)))
    assert sum(isinstance(one, PlaylistEntry) for one in found) == 4_100
    assert say(found[-1].why) == "stopped after 4,100 entries"


@pytest.mark.parametrize("times", [1, 1_000])
@pytest.mark.parametrize(
    "said",
    [
        '-1,tvg-id="x" group-title="News, all",A, 1',
        '-1 tvg-id="x", group-title="News, all",A, 1',
        "-1 , tvg-id='x',group-title=\"News, all\" ,A, 1",
    ],
)
def test_attributes_behind_a_comma_are_attributes(said, times):
    entry = f"#EXTINF:{said}\nhttp://e.example/1\n".encode()
    found = list(read_m3u([b"#EXTM3U\n", *[entry * 10] * times]))
    assert len(found) == 10 * times
    assert {(one.title, one.attributes) for one in found} == {
        ("A, 1", (("tvg-id", "x"), ("group-title", "News, all")))
    }


def test_headers_behind_a_bar_are_read_with_spaces_round_it():
    [entry] = read_m3u(
        [b"#EXTM3U\nhttp://e.example/1 | User-Agent = X & Referer=http://r.example\n"]
    )
    assert entry.headers == (("User-Agent", "X"), ("Referer", "http://r.example"))


def test_what_a_list_says_of_itself_is_shown():
    text = b'#EXTM3U x-tvg-url="http://g.example/x.xml" refresh=1440\n#EXTINF:-1,A\nhttp://e.example/1\n'
    head, entry = READERS["m3u"].values([text], "")
    assert head.attributes == (("x-tvg-url", "http://g.example/x.xml"), ("refresh", "1440"))
    assert entry.title == "A"
