"""ids.csv is read whole, or every mistake in it is named with its line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cautery.errors import InputError, MandateError
from cautery.workflows.identification.reference_map import read_map
from cautery.workflows.identification.sources import sources_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.ts", "b.ts", "c.ts"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "arena").mkdir()
    for name in ("seg-10.ts", "seg-9.ts", "notes.txt"):
        (tmp_path / "arena" / name).write_bytes(b"x")
    return tmp_path


def _map(folder: Path, *lines: str, head: str = "path,channel,event,feed") -> Path:
    path = folder / "ids.csv"
    path.write_text("\n".join((head, *lines)) + "\n", encoding="utf-8")
    return path


def test_a_row_says_channel_event_and_feed(folder):
    rows = read_map(_map(folder, "a.ts,,md34,clean", "b.ts,arena,md34,arena", "c.ts,film,,"))
    said = [(one.id, one.event, one.licensee, one.clean) for one in rows]
    assert said == [
        ("event:md34", "md34", None, True),
        ("arena", "md34", "arena", False),
        ("film", None, None, False),
    ]


def test_paths_are_relative_to_the_csv_and_then_to_the_working_folder(folder, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "d.ts").write_bytes(b"x")
    rows = read_map(_map(folder, "a.ts,a,,", "d.ts,d,,"), working=elsewhere)
    assert [one.place for one in rows] == [folder / "a.ts", elsewhere / "d.ts"]


def test_every_mistake_is_named_with_its_line(folder):
    path = _map(
        folder, "a.ts,one,,", "gone.ts,two,,", "a.ts,three,,", "b.ts,four,,clean", "c.ts,five,md34,",
        "arena,,,", "b.ts,x", "c.ts,one,md34,clean",
    )  # fmt: skip
    with pytest.raises(InputError) as caught:
        read_map(path)
    said = str(caught.value)
    for line in range(3, 10):
        assert f"line {line}: " in said
    assert "line 2:" not in said


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ("path", "lacks"),
        ("path,channel,even,feed", "unknown column"),
        ("path,channel,path", "twice"),
    ],
)
def test_a_wrong_head_is_refused(folder, head, said):
    with pytest.raises(InputError, match=said):
        read_map(_map(folder, "a.ts,b", head=head))


def test_a_quoted_cell_over_two_lines_does_not_shift_the_lines(folder):
    path = _map(folder, '"a.ts","one\ntwo",,', "gone.ts,x,,")
    with pytest.raises(InputError) as caught:
        read_map(path)
    assert "line 4: no such file" in str(caught.value)


def test_a_file_that_is_no_utf8_is_named_with_its_line(folder):
    path = folder / "ids.csv"
    path.write_bytes(b"path,channel\na.ts,\xff\n")
    with pytest.raises(InputError, match="line 2: not valid UTF-8"):
        read_map(path)


def test_without_a_map_stem_and_folder_name_are_the_ids_and_nine_comes_before_ten(folder):
    found = sources_of([str(folder / "a.ts"), str(folder / "arena")])
    assert [one.id for one in found] == ["a", "arena"]
    assert [one.name for one in found[1].files] == ["seg-9.ts", "seg-10.ts"]


def test_rows_of_one_channel_are_consecutive_media(folder):
    rows = read_map(_map(folder, "b.ts,one,,", "a.ts,one,,"))
    (source,) = sources_of((), rows=rows)
    assert [one.name for one in source.files] == ["b.ts", "a.ts"]


def test_two_files_of_one_stem_are_refused(folder):
    (folder / "arena" / "a.mp4").write_bytes(b"x")
    with pytest.raises(InputError, match="would both get the id 'a'"):
        sources_of([str(folder / "a.ts"), str(folder / "arena" / "a.mp4")])


def test_a_url_is_refused_without_a_mandate():
    with pytest.raises(MandateError, match="only under a mandate") as caught:
        sources_of(["https://user:secret@feeds.example/a.m3u8?token=secret"])
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("mark", [";", "\t"])
def test_other_marks_than_commas_are_told(folder, mark):
    path = _map(folder, mark.join(("a.ts", "a", "", "")), head=mark.join(("path", "channel")))
    with pytest.raises(InputError, match="not separated by commas"):
        read_map(path)


def test_an_id_reads_the_same_however_its_accents_are_written(folder):
    apart, whole = "cafe\u0301", "caf\u00e9"
    (folder / f"{apart}.ts").write_bytes(b"x")
    (source,) = sources_of([str(folder / f"{apart}.ts")])
    (row,) = read_map(_map(folder, f"a.ts,{apart},,"))
    assert source.id == row.id == whole


@pytest.mark.parametrize("name", ["a\x1b[31mb.ts", "a\nb.ts", "a\udcffb.ts", " .ts"])
def test_a_file_name_that_is_no_id_is_refused(folder, name):
    (folder / name).write_bytes(b"x")
    with pytest.raises(InputError, match="cannot be an id"):
        sources_of([str(folder / name)])


def test_a_pipe_is_no_source_and_is_not_waited_for(folder):
    os.mkfifo(folder / "pipe.ts")
    with pytest.raises(InputError, match="neither a file nor a folder"):
        sources_of([str(folder / "pipe.ts")])
