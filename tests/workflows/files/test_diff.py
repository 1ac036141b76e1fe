"""Two files of one format are compared, whatever the format; no credential is shown."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from cautery.cli import app
from cautery.errors import InputError, LimitError, SourceError
from cautery.workflows.files import diff as compared
from cautery.workflows.files.diff import diff_files

OLD = b"""#EXTM3U
#EXTINF:-1 tvg-id="a",Arena 1
http://a.example/live/bob/s3cret/7.ts
#EXTINF:-1,Arena 2
http://a.example/live/bob/s3cret/8.ts
#EXTINF:-1,Old
http://a.example/live/bob/s3cret/9.ts
"""
NEW = b"""#EXTM3U
#EXTINF:-1 tvg-id="b",Arena 1
http://a.example/live/bob/s3cret/7.ts
#EXTINF:-1,Arena 2
http://b.example/live/bob/s3cret/8.ts
#EXTINF:-1,New
http://a.example/live/bob/s3cret/10.ts
"""


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    old, new = tmp_path / "old.m3u", tmp_path / "new.m3u.gz"
    old.write_bytes(OLD)
    new.write_bytes(gzip.compress(NEW))
    return old, new


def test_every_change_between_two_lists_is_told_once(files: tuple[Path, Path]) -> None:
    found = diff_files(*files)
    told = sorted((str(row["change"]), str(row.get("title"))) for row in found.rows())
    assert told == [
        ("appeared", "New"),
        ("changed", "None"),
        ("moved", "Arena 2"),
        ("vanished", "Old"),
    ]
    assert found.changes.hosts == (("a.example", "b.example", 1),)


def test_no_credential_is_in_what_is_told(
    files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    app(["diff", *map(str, files), "--json"], standalone_mode=False)
    app(["diff", *map(str, files)], standalone_mode=False)
    said = capsys.readouterr()
    rows = [json.loads(line) for line in said.out.splitlines() if line.startswith("{")]
    assert [row["change"] for row in rows] == ["appeared", "vanished", "moved", "changed"]
    assert "s3cret" not in said.out + said.err
    assert "1 moved from a.example to b.example" in said.err


def test_a_panels_streams_are_told_apart_by_their_numbers(tmp_path: Path) -> None:
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    one = {"num": 1, "name": "Sport", "stream_id": 17, "stream_type": "live", "category_id": "1"}
    old.write_text(json.dumps([one]))
    new.write_text(
        json.dumps([one | {"name": "Sport HD"}, one | {"stream_id": 18, "name": "News"}])
    )
    found = diff_files(old, new, kind="xtream")
    assert [one.title for one in found.changes.appeared] == ["News"]
    assert [one.now.title for one in found.changes.renamed] == ["Sport HD"]


def test_what_a_page_says_is_compared_field_by_field(tmp_path: Path) -> None:
    old, new = tmp_path / "old.html", tmp_path / "new.html"
    page = "<html><title>{}</title><p>12 months {} &euro;</p></html>"
    old.write_text(page.format("Best TV", "49,99"))
    new.write_text(page.format("Best TV", "39,99"))
    [fields] = diff_files(old, new).fields.values()
    assert list(fields) == ["prices"]


def test_the_same_file_has_not_changed(files: tuple[Path, Path]) -> None:
    found = diff_files(files[0], files[0])
    assert list(found.rows()) == []


def test_files_of_two_formats_are_refused(files: tuple[Path, Path], tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<html><title>x</title></html>")
    with pytest.raises(InputError, match="Extended M3U"):
        diff_files(files[0], page)


def test_a_file_of_no_known_format_is_refused(files: tuple[Path, Path], tmp_path: Path) -> None:
    junk = tmp_path / "junk"
    junk.write_bytes(b"\0" * 100)
    with pytest.raises(SourceError):
        diff_files(files[0], junk)


@pytest.mark.parametrize("long", ['#EXTINF:-1 group-title="{}",A\nhttp://a/1', "http://a/{}"])
def test_what_two_files_say_is_bounded_however_few_their_values(
    long: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compared, "MOST_CHARACTERS", 2_000)
    path = tmp_path / "list.m3u"
    path.write_text(f"#EXTM3U\n{long.format('x' * 3_000)}\n")
    with pytest.raises(LimitError, match="more than 2000 characters"):
        diff_files(path, path)
