"""Sources are read within bounds: what they offer appears and vanishes, what fails is recorded."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cautery.catalogue import Catalogue, Resolver
from cautery.errors import CauteryError, LimitError, SourceError, StorageError
from cautery.model import Access, Entry, Source
from cautery.workflows.open_case import Case
from cautery.workflows.watch.journal import Journal
from cautery.workflows.watch.restore import restored_streams
from cautery.workflows.watch.sources import Seen, SourceReader
from cautery.workflows.watch.streams import Stream

LIST = "http://list.example/all.m3u"
SOURCE = Source(location=LIST, kind="m3u", revisit_s=1.0)
GIGABYTE = 1_000_000_000


def m3u(*names: str, title: str = "Sport") -> bytes:
    lines = ["#EXTM3U"]
    for name in names:
        lines += [f"#EXTINF:-1,{title} {name}", f"http://pirate.example/live/{name}.m3u8"]
    return "\n".join(lines).encode()


@pytest.fixture
def reader(
    answers: Callable[..., Any], journal: Journal
) -> Callable[..., tuple[SourceReader, dict[str, Stream]]]:
    """Make a reader of one case, over a table of answers."""

    def made(
        table: dict[str, bytes | int | CauteryError], *, restored: dict[str, Stream] | None = None
    ) -> tuple[SourceReader, dict[str, Stream]]:
        streams: dict[str, Stream] = {}
        return (
            SourceReader(
                Resolver(Catalogue([])),
                streams,
                Seen(),
                fetcher=answers(table),
                journal=journal,
                restored=restored or {},
                on_page=lambda _: None,
            ),
            streams,
        )

    return made


def bodies(heard: list[Entry], kind: str) -> list[Any]:
    return [one.record.body for one in heard if one.record.kind == kind]


async def test_what_a_list_names_appears_once_and_vanishes_when_it_is_gone(
    reader: Callable[..., Any], heard: list[Entry]
) -> None:
    table: dict[str, Any] = {LIST: m3u("1", "2")}
    sources, streams = reader(table)
    await sources.read(SOURCE)
    table[LIST] = m3u("2", "3")
    await sources.read(SOURCE)
    shown = [body["url"].rsplit("/", 1)[1] for body in bodies(heard, "stream.appeared")]
    assert shown == ["1.m3u8", "2.m3u8", "3.m3u8"]
    [gone] = bodies(heard, "stream.vanished")
    assert gone["url"].endswith("/1.m3u8")
    assert [one.live for one in streams.values()] == [False, True, True]


async def test_a_list_that_has_not_changed_is_neither_sealed_nor_recorded_again(
    reader: Callable[..., Any], heard: list[Entry]
) -> None:
    sources, _ = reader({LIST: m3u("1")})
    await sources.read(SOURCE)
    before = len(heard)
    await sources.read(SOURCE)
    assert len(heard) == before > 0


async def test_a_list_is_sealed_encrypted_and_its_record_names_the_exhibit(
    reader: Callable[..., Any], heard: list[Entry], case: Case
) -> None:
    sources, _ = reader({LIST: m3u("1")})
    await sources.read(SOURCE)
    [read] = bodies(heard, "source.read")
    sealed = {body["exhibit"]["id"]: body for body in bodies(heard, "exhibit.sealed")}
    assert sealed[read["exhibit"]]["exhibit"]["confidential"]
    assert b"pirate.example" not in case.vault.read(read["exhibit"])
    assert read["table"] in sealed


async def test_a_stream_that_two_sources_name_stays_while_one_still_does(
    reader: Callable[..., Any], heard: list[Entry]
) -> None:
    other = "http://other.example/all.m3u"
    table: dict[str, Any] = {LIST: m3u("1", "2"), other: m3u("1")}
    sources, streams = reader(table)
    for location in (LIST, other):
        await sources.read(Source(location=location, kind="m3u"))
    table[LIST] = m3u("2")
    await sources.read(SOURCE)
    assert bodies(heard, "stream.vanished") == []
    assert all(one.live for one in streams.values())


async def test_a_stream_of_an_earlier_run_wakes_without_appearing_twice(
    reader: Callable[..., Any], heard: list[Entry], case: Case
) -> None:
    sources, _ = reader({LIST: m3u("1")})
    await sources.read(SOURCE)
    earlier = restored_streams(case.ledger)
    again, streams = reader({LIST: m3u("1")}, restored=earlier)
    await again.read(SOURCE)
    assert len(bodies(heard, "stream.appeared")) == 1
    [stream] = streams.values()
    assert (stream.live, stream.url) == (True, "http://pirate.example/live/1.m3u8")


async def test_a_table_of_a_list_holds_no_credential(
    reader: Callable[..., Any], heard: list[Entry], case: Case
) -> None:
    import io

    import polars as pl

    line = b"#EXTM3U\n#EXTINF:-1,Sport\nhttp://panel.example/live/anna/s3cret/17.ts\n"
    sources, _ = reader({LIST: line})
    await sources.read(SOURCE)
    table = pl.read_parquet(io.BytesIO(case.vault.read(bodies(heard, "source.read")[0]["table"])))
    assert table["title"].to_list() == ["Sport"]
    assert "s3cret" not in str(table.rows())
    assert table["url"].to_list()[0].startswith("http://panel.example/live/~")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (SourceError("nobody answers"), "SourceError"),
        (LimitError("it never ends"), "LimitError"),
        (503, "SourceError"),
        (b"<!doctype html><title>Suspended</title>", "SourceError"),
        (b"\0" * 5000, "SourceError"),
        (b"", "SourceError"),
    ],
)
async def test_a_source_that_fails_is_a_record_with_its_class(
    reader: Callable[..., Any], heard: list[Entry], answer: object, error: str
) -> None:
    sources, _ = reader({LIST: answer})
    with pytest.raises(TimeoutError):
        # It goes on for ever; the first reading ends before anything is waited for.
        await asyncio.wait_for(sources.follow(SOURCE), timeout=0.5)
    read = bodies(heard, "source.read")[0]
    assert read["failed"].startswith(f"{error}: ")
    assert read["entries"] == 0


async def test_a_full_disk_is_not_mistaken_for_a_failing_source(
    reader: Callable[..., Any], heard: list[Entry]
) -> None:
    sources, _ = reader({LIST: StorageError("disk full")})
    with pytest.raises(StorageError):
        await sources.follow(SOURCE)
    assert bodies(heard, "source.read") == []


async def test_a_panels_line_is_in_no_record(
    reader: Callable[..., Any], heard: list[Entry]
) -> None:
    base = "http://panel.example:8080"
    ask = f"{base}/player_api.php?username=bought-by-us&password=pa55word"
    streams = [{"num": 1, "name": "Sport", "stream_id": 17, "stream_type": "live"}]
    sources, found = reader(
        {
            ask: json.dumps({"user_info": {"auth": 1}, "server_info": {}}).encode(),
            f"{ask}&action=get_live_streams": json.dumps(streams).encode(),
        }
    )
    await sources.read(
        Source(
            location=base,
            kind="xtream",
            access=Access.TEST_PURCHASE,
            receipt="no. 17",
            username="bought-by-us",
            password="pa55word",
        )
    )
    [stream] = found.values()
    assert "/bought-by-us/pa55word/17" in stream.url, "the exact URL stays in memory"
    written = b"".join(one.leaf for one in heard)
    assert b"panel.example" in written
    assert b"bought-by-us" not in written
    assert b"pa55word" not in written


@pytest.fixture
def sparse(tmp_path: Path) -> Iterator[Callable[[bytes], Path]]:
    """Make a file of a gigabyte that takes no room: given bytes, then NULs."""
    made: list[Path] = []

    def file(head: bytes) -> Path:
        path = tmp_path / f"huge-{len(made)}.m3u"
        with path.open("wb") as out:
            out.write(head)
            out.truncate(GIGABYTE)
        made.append(path)
        return path

    yield file
    for path in made:
        path.unlink()


_READ_AND_WEIGH = """
import asyncio, json, resource, sys
from pathlib import Path
import polars, pydantic
from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import SystemClock
from cautery.adapters.keys_file import KeyFolder
from cautery.catalogue import Catalogue, Resolver
from cautery.model import Source
from cautery.workflows.open_case import open_case
from cautery.workflows.watch.journal import Journal
from cautery.workflows.watch.sources import Seen, SourceReader

folder, file = map(Path, sys.argv[1:])
case = open_case(folder / "case", store=FolderStore(KeyFolder(folder / "keys")), clock=SystemClock())
journal = Journal(case.ledger, case.vault, case.clock, redaction_key=case.redaction_key)
streams = {}
reader = SourceReader(
    Resolver(Catalogue([])), streams, Seen(),
    fetcher=None, journal=journal, restored={}, on_page=lambda _: None,
)
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
before = peak()
asyncio.run(reader.follow(Source(location=str(file), kind="m3u", is_file=True)))
[read] = [one.record.body for one in case.ledger.read(kinds=("source.read",))]
print(json.dumps({"mb": peak() - before, "read": read, "streams": sorted(streams)}))
"""


@pytest.mark.parametrize(
    ("head", "failed", "streams"),
    [
        (b"", "not a playlist: this is NUL bytes", 0),
        (b"#EXTM3U\n#EXTINF:-1,An endless line ", None, 0),
        (m3u("1", "2") + b"\n#EXTINF:-1,Then NULs\n", None, 2),
    ],
    ids=["NULs", "endless line", "entries and then NULs"],
)
def test_a_local_list_of_a_gigabyte_is_read_within_200_mb_or_refused(
    sparse: Callable[[bytes], Path],
    tmp_path: Path,
    head: bytes,
    failed: str | None,
    streams: int,
) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", _READ_AND_WEIGH, str(tmp_path), str(sparse(head))],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    assert found["mb"] < 200
    assert len(found["streams"]) == streams
    if failed is None:
        assert found["read"]["failed"] is None
        assert any("longer than" in one["why"] for one in found["read"]["warnings"])
    else:
        assert failed in found["read"]["failed"]


async def test_a_title_with_a_url_in_it_carries_no_credential_into_records_or_table(
    reader: Callable[..., Any], heard: list[Entry], case: Case
) -> None:
    title = "Sport http://panel.example/live/anna/s3cret/17.ts"
    sources, streams = reader({LIST: m3u("1", title=title)})
    await sources.read(SOURCE)
    [appeared] = bodies(heard, "stream.appeared")
    assert appeared["title"].startswith("Sport http://panel.example/live/~")
    [stream] = streams.values()
    table = case.vault.read(bodies(heard, "source.read")[0]["table"])
    for said in (json.dumps(appeared), repr(stream), repr(table)):
        assert "s3cret" not in said
        assert "anna" not in said


async def test_a_failure_of_a_source_is_recorded_without_credentials(
    reader: Callable[..., Any], heard: list[Entry]
) -> None:
    told = SourceError("no answer of http://anna:s3cret@panel.example/get.php?password=s3cret")
    sources, _ = reader({LIST: told})
    task = asyncio.create_task(sources.follow(SOURCE))
    await asyncio.sleep(0.05)
    task.cancel()
    [read] = bodies(heard, "source.read")
    assert "panel.example" in read["failed"]
    assert "s3cret" not in read["failed"]
