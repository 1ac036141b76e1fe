"""Titles and catalogues from files."""

import gzip
import lzma
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cautery.catalogue import Listing
from cautery.errors import InputError, SourceError
from cautery.packed import zstd
from cautery.workflows.files.catalogue import read_catalogue
from cautery.workflows.files.lines import lines_of
from cautery.workflows.files.titles import MAX_LINE, read_titles

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
M3U = b'#EXTM3U\n#EXTINF:-1 group-title="FR | SPORT",Arena 1\nhttp://a.example/1\n'
TABLE = b'\xef\xbb\xbftitle,country,source,lang\nArena 1,ES,es_list,es\n,,,\n"a\nb",,,\n'


def put(folder: Path, name: str, content: bytes) -> Path:
    (folder / name).write_bytes(content)
    return folder / name


def test_a_playlist_tells_titles_with_their_groups(tmp_path):
    [one] = read_titles(put(tmp_path, "a.m3u", M3U), country="DE")
    assert one == Listing(title="Arena 1", country="DE", group="FR | SPORT")


def test_a_table_keeps_every_row_and_its_context(tmp_path):
    first, empty, broken = read_titles(put(tmp_path, "a.csv", TABLE), country="FR")
    assert first == Listing(title="Arena 1", country="ES", source="es_list", language="es")
    assert (empty.title, empty.country) == ("", "FR")
    assert broken.title == "a\nb"


@pytest.mark.parametrize(
    ("ending", "pack"), [("", bytes), (".gz", gzip.compress), (".xz", lzma.compress), (".zst", zstd.compress)]
)  # fmt: skip
def test_lines_are_read_packed_or_not(tmp_path, ending, pack):
    path = put(tmp_path, f"a.txt{ending}", pack("Arena\r\n\n Été \n\xff\0\n".encode("latin-1")))
    assert [one.title for one in read_titles(path)] == ["Arena", "�t�", "�\0"]


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [("a.csv", b"name\nx\n", InputError), ("a.csv", b"", InputError), ("a.xz", b"no", InputError),
     ("a.csv", b'title\n"' + b"x\n" * 200_000, InputError), ("a.m3u", b"\0" * 50, SourceError)],
)  # fmt: skip
def test_what_is_no_list_of_titles_is_an_error(tmp_path, name, content, error):
    with pytest.raises(error):
        list(read_titles(put(tmp_path, name, content)))


def test_an_endless_line_costs_no_memory():
    pieces = (b"x" * 65_536 for _ in range(2_000))
    [line] = lines_of(pieces, longest=MAX_LINE)
    assert len(line) == MAX_LINE + 1


@settings(deadline=None)  # compiling or a busy machine is no fault
@given(st.lists(st.binary(max_size=8), max_size=8), st.integers(1, 10))
def test_lines_do_not_depend_on_where_chunks_are_cut(chunks, longest):
    whole = b"".join(chunks)
    cut = list(lines_of(chunks, longest=longest))
    assert cut == list(lines_of([whole], longest=longest))
    assert len(cut) == whole.count(b"\n") + (not whole.endswith(b"\n") and bool(whole))


@pytest.mark.parametrize(
    "table", ["Title;Country\nArena 1;ES\n", "title\tCOUNTRY\nArena 1\tES\n", ' "title" , country\nArena 1,ES\n']
)  # fmt: skip
@pytest.mark.parametrize("name", ["a.csv", "a"])
def test_a_table_may_be_parted_otherwise_and_its_columns_in_capitals(tmp_path, table, name):
    [one] = read_titles(put(tmp_path, name, table.encode()))
    assert (one.title, one.country) == ("Arena 1", "ES")


def test_text_of_wide_letters_is_read(tmp_path):
    for name in ("a.csv", "a.txt"):
        [one] = list(read_titles(put(tmp_path, name, "title\nArena 1\n".encode("utf-16"))))[-1:]
        assert one.title == "Arena 1"
    wide = "#EXTM3U\n#EXTINF:-1,Arena 1\nhttp://a.example/1\n".encode("utf-16")
    [one] = read_titles(put(tmp_path, "a.m3u", wide))
    assert one.title == "Arena 1"
    catalogue = read_catalogue(put(tmp_path, "c.csv", "id,name\na,A\n".encode("utf-16")), now=NOON)
    assert [one.id for one in catalogue.rights] == ["a"]
    with pytest.raises(InputError, match="UTF-16"):
        list(read_titles(put(tmp_path, "cut.csv", "title\nArena\n".encode("utf-16")[:-1])))


def test_bytes_that_are_no_table_are_no_catalogue(tmp_path):
    with pytest.raises(InputError, match="not a table of text"):
        read_catalogue(put(tmp_path, "c.csv", b"id,name\r\x00a\r,\xffb"), now=NOON)


def test_feeds_beside_a_catalogue_are_read_with_it(tmp_path):
    path = put(tmp_path, "channels.csv", b"id,name,country\nA.fr,A,FR\n")
    assert read_catalogue(path, now=NOON).rights[0].areas == ()
    put(tmp_path, "feeds.csv.xz", lzma.compress(b"channel,broadcast_area\nA.fr,c/FR;c/BE\n"))
    assert read_catalogue(path, now=NOON).rights[0].areas == ("be", "fr")


@pytest.mark.parametrize(
    ("content", "titles"),
    [
        (b"#EXTM3U\n#EXTINF:-1,Arena\nhttp://x.example/1\n", ["Arena"]),
        (b"\xef\xbb\xbf#extm3u\n#EXTINF:-1,Arena\nhttp://x.example/1\n", ["Arena"]),
        (b'source,"title"\na,Arena\n', ["Arena"]),
        (b"Arena\nTitle\n", ["Arena", "Title"]),
        (b"", []),
    ],
)
def test_what_the_ending_does_not_tell_the_first_line_does(tmp_path, content, titles):
    path = put(tmp_path, "a", content)
    assert [one.title for one in read_titles(path)] == titles
