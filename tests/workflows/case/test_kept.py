"""Kept lists show what the ledger holds, whatever happened to the tables behind them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.contract.test_ledger import in_circles, schema_of_its_own
from tests.lists import MANDATE
from tests.nights import NOON, REFERRAL, URLS, appeared, judged, night, probed

from cautery.adapters import _kept_questions, _kept_rows, kept_lists
from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import FixedClock
from cautery.adapters.kept_lists import SqliteLists
from cautery.adapters.keys_file import KeyFolder
from cautery.adapters.ledger_sql import SqlLedger
from cautery.errors import EvidenceError, InputError, StorageError
from cautery.evidence import verify_inclusion
from cautery.evidence.merkle import leaf_hash
from cautery.model import Finding
from cautery.model.ledger import append, filed
from cautery.model.records import CaseOpened
from cautery.projections import folded
from cautery.projections.kept import Asked, Page
from cautery.projections.listing import Lines
from cautery.wiring.kept import kept_case
from cautery.workflows.case import kept as kept_workflow
from cautery.workflows.case.close import close_case
from cautery.workflows.case.kept import KeptCase
from cautery.workflows.case.open import Case, open_case
from cautery.workflows.case.verify import verify_case

TABLES = (
    "standing",
    "tiles",
    "counts",
    "records",
    "named",
    "streams",
    "hosts",
    "acts",
    "rights",
    "cuts",
    "guards",
    "spared",
    "newest",
    "things",
)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/ledger.sqlite"
        return
    with schema_of_its_own() as server:
        yield server


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqlLedger]:
    opened = SqlLedger(tmp_path / "ledger.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def kept(ledger: SqlLedger, tmp_path: Path) -> Iterator[KeptCase]:
    lists = SqliteLists(tmp_path / "lists")
    yield KeptCase(ledger, lists, verifier=None)
    lists.close()


def write(ledger: SqlLedger, contents: object) -> None:
    assert isinstance(contents, list)
    ledger.append_all([(*filed(content), NOON) for content in contents])


def many(count: int) -> list[object]:
    contents: list[object] = []
    for number in range(count):
        url = f"http://h{number % 7}.example/{number}.ts"
        contents += [appeared(url, f"Arena {number}"), probed(url, 1)]
        contents.append(judged(url, Finding.NOTHING if number % 3 else Finding.PROVEN, 2))
    return contents


def file_of(lists: Path) -> Path:
    return max(lists.glob("*.sqlite"), key=lambda path: int(path.stem.partition("-")[2]))


def rows_of(lists: Path) -> dict[str, list[tuple[object, ...]]]:
    with sqlite3.connect(file_of(lists)) as connection:
        return {name: sorted(connection.execute(f"SELECT * FROM {name}")) for name in TABLES}


def edit(lists: Path, statement: str) -> None:
    connection = sqlite3.connect(file_of(lists), isolation_level=None)
    assert connection.execute(statement).rowcount != 0
    connection.close()


def walked(page: Callable[[Asked], Page[object]], asked: Asked) -> list[object]:
    """Return the rows of all pages, from the newest to the oldest."""
    rows: list[object] = []
    while True:
        found = page(asked)
        rows += found.rows
        if found.older is None:
            return rows
        asked = Asked(
            text=asked.text,
            kinds=asked.kinds,
            finding=asked.finding,
            limit=asked.limit,
            before=found.older,
        )


def test_lists_show_what_either_ledger_holds(url: str, tmp_path: Path) -> None:
    ledger = SqlLedger(url)
    write(ledger, list(night()))
    kept = KeptCase(ledger, SqliteLists(tmp_path / "lists"), verifier=None)
    assert kept.catch_up() == len(night())
    whole = folded(Lines(), ledger.read())
    assert [line.record for line in kept.records(Asked()).rows] == list(range(22, -1, -1))
    assert {line.url: line for line in kept.streams(Asked()).rows} == whole.streams
    assert {line.host: line for line in kept.hosts(Asked()).rows} == whole.hosts
    assert {line.id: line for line in kept.acts(Asked()).rows} == whole.acts
    assert [line.record for line in kept.verdicts(Asked()).rows] == [20, 16, 10, 6, 3]
    assert [(line.record, line.url) for line in kept.exhibits(Asked()).rows] == [
        (21, None),
        (1, URLS[0]),
    ]
    counts = kept.counts()
    assert (counts.streams, counts.hosts, counts.exhibits, counts.dark) == (4, 5, 2, 1)
    assert counts.by_finding == {Finding.PROVEN: 2}
    kept.close()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(data=st.data())
def test_a_beginning_and_the_rest_give_the_tables_of_the_whole(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("lists")
    contents = data.draw(st.lists(st.sampled_from(night()), max_size=60))
    cuts = data.draw(st.lists(st.integers(0, len(contents)), max_size=4).map(sorted))
    ledger = SqlLedger(folder / "ledger.sqlite")
    pieces = KeptCase(ledger, SqliteLists(folder / "pieces"), verifier=None)
    for begin, end in zip([0, *cuts], [*cuts, len(contents)], strict=True):
        write(ledger, contents[begin:end])
        assert pieces.catch_up(most=7) <= end
        pieces.catch_up()
    whole = KeptCase(ledger, SqliteLists(folder / "whole"), verifier=None)
    whole.catch_up()
    assert rows_of(folder / "pieces") == rows_of(folder / "whole")
    pieces.close()
    whole.close()
    shutil.rmtree(folder)


def test_pages_come_one_after_the_other_without_gap_or_double(
    kept: KeptCase, ledger: SqlLedger
) -> None:
    write(ledger, many(120))
    kept.catch_up()
    for page in (kept.records, kept.streams, kept.verdicts):
        rows = walked(page, Asked(limit=17))  # type: ignore[arg-type]
        everything = page(Asked(limit=500)).rows
        assert rows == list(everything)
        assert len(rows) in {120, 360}
    proven = walked(kept.streams, Asked(limit=7, finding=Finding.PROVEN))  # type: ignore[arg-type]
    assert len(proven) == 40
    both = walked(kept.records, Asked(limit=9, kinds=("verdict", "probe.done")))  # type: ignore[arg-type]
    assert len(both) == 240


def test_a_page_goes_back_to_the_one_before_it(kept: KeptCase, ledger: SqlLedger) -> None:
    write(ledger, many(30))
    kept.catch_up()
    first = kept.records(Asked(limit=10))
    second = kept.records(Asked(limit=10, before=first.older))
    back = kept.records(Asked(limit=10, after=second.newer))
    assert (first.newer, second.newer) == (None, 79)
    assert back.rows == first.rows
    assert back.newer is None


def test_a_search_finds_all_words_and_counts_no_further_than_its_limit(
    kept: KeptCase, ledger: SqlLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(ledger, many(60))
    kept.catch_up()
    assert [line.title for line in kept.streams(Asked(text="4.ts Arena")).rows] == ["Arena 4"]
    page = kept.streams(Asked(text="h3 are"))
    titles = [line.title for line in page.rows]
    assert titles == [f"Arena {number}" for number in range(59, 0, -7)]
    assert (page.found, page.found_more, page.complete) == (9, False, True)
    monkeypatch.setattr(_kept_questions, "MOST_FOUND", 8)
    page = kept.streams(Asked(text="h3 are"))
    assert (page.found, page.found_more) == (8, True)
    assert kept.records(Asked(text="ARENA nothing-like-it")).rows == ()


@pytest.mark.parametrize(
    "text",
    [
        '"',
        "'; DROP TABLE records; --",
        "a OR b*",
        "NEAR(a b)",
        "* ^ : -",
        "\0",
        "a\0b",
        "(" * 99,
        "words:arena",
        "é" * 199,
        "- + /",
    ],
)
def test_whatever_is_typed_is_searched_as_words(
    kept: KeptCase, ledger: SqlLedger, text: str
) -> None:
    write(ledger, many(3))
    kept.catch_up()
    for page in (kept.records, kept.streams, kept.hosts, kept.acts):
        assert page(Asked(text=text)).rows == ()
    assert len(kept.records(Asked()).rows) == 9


def test_a_search_that_takes_too_long_says_so_and_shows_what_it_has(
    kept: KeptCase, ledger: SqlLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(ledger, many(3000))
    kept.catch_up()
    monkeypatch.setattr(_kept_questions, "LONGEST_S", -1.0)
    page = kept.hosts(Asked(text="no such host"))
    assert page.complete  # seven hosts: it was over before anybody looked at the clock
    page = kept.records(Asked(text="arena", kinds=("failure",)))  # type: ignore[assignment]
    assert (page.rows, page.complete) == ((), False)


def test_a_page_refuses_what_is_no_page() -> None:
    for wrong in (
        {"limit": 0},
        {"limit": 501},
        {"text": "x" * 201},
        {"before": -1},
        {"text": "\ud800"},
    ):
        with pytest.raises(InputError):
            Asked(**wrong)  # type: ignore[arg-type]
    with pytest.raises(InputError):
        Asked(before=1, after=2)


@pytest.mark.parametrize(
    ("statement", "page"),
    [
        ("UPDATE streams SET finding = 'licensed' WHERE finding = 'proven'", "streams"),
        ("UPDATE streams SET verdict = verdict - 3 WHERE named = 30", "streams"),
        ("UPDATE streams SET verdict = 9999 WHERE named = 30", "streams"),
        ("UPDATE streams SET verdict = NULL WHERE named = 30", "streams"),
        ("UPDATE streams SET title = 'News' WHERE named = 30", "streams"),
        ("UPDATE streams SET title = 'Hospital' WHERE title IS NULL", "streams"),
        ("UPDATE streams SET host = 'hospital.example' WHERE named = 30", "streams"),
        ("UPDATE acts SET about = 'hospital.example'", "acts"),
        ("UPDATE acts SET kind = 'notice'", "acts"),
        ("UPDATE acts SET drafted_at = drafted_at + 1", "acts"),
        ("UPDATE streams SET url = 'http://innocent.example/' WHERE named = 30", "streams"),
        ("UPDATE streams SET finding = 'x' WHERE named = 30", "streams"),
        ("UPDATE streams SET first_seen = 9223372036854775807 WHERE named = 30", "streams"),
        ("UPDATE hosts SET addresses = '192.0.2.9' WHERE host = 'h1.example'", "hosts"),
        ("UPDATE records SET kind = 'verdict' WHERE idx = 30", "verdicts"),
        ("UPDATE records SET idx = 9999 WHERE idx = 30", "records"),
        ("UPDATE standing SET rest = 3", "records"),
        ("DELETE FROM standing", "records"),
        ("DROP TABLE hosts", "hosts"),
        ("DROP TABLE found", "records"),
    ],
)
def test_what_somebody_edits_in_a_table_is_not_shown(
    kept: KeptCase, ledger: SqlLedger, tmp_path: Path, statement: str, page: str
) -> None:
    again = replace(appeared("http://h0.example/0.ts", ""), title=None, host="other.example")
    unnamed = judged("http://unnamed.example/1.ts", Finding.NOTHING, 3)
    write(ledger, [*many(20), again, unnamed, REFERRAL])
    kept.catch_up()
    before = getattr(kept, page)(Asked(limit=500, text="arena" if "found" in statement else ""))
    edit(tmp_path / "lists", statement) if not statement.startswith("DROP") else None
    if statement.startswith("DROP"):
        with sqlite3.connect(file_of(tmp_path / "lists"), isolation_level=None) as connection:
            connection.execute(statement)
    after = getattr(kept, page)(Asked(limit=500, text="arena" if "found" in statement else ""))
    assert after == before
    assert len(list((tmp_path / "lists").glob("*.sqlite"))) == 1


def test_what_somebody_hides_in_a_table_is_there_again_once_it_is_rebuilt(
    kept: KeptCase, ledger: SqlLedger, tmp_path: Path
) -> None:
    write(ledger, many(20))
    kept.catch_up()
    before = kept.streams(Asked())
    edit(tmp_path / "lists", "DELETE FROM streams WHERE named = 30")
    assert len(kept.streams(Asked()).rows) == len(before.rows) - 1
    kept.forget()
    assert kept.catch_up() == 60
    assert kept.streams(Asked()) == before


def garbage(path: Path) -> None:
    path.write_bytes(b"not a database" * 999)


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def foreign(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE VIEW records AS SELECT 1 AS idx")


def endless(path: Path) -> None:
    path.unlink()
    in_circles(path)


def a_trigger(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TRIGGER t AFTER INSERT ON counts BEGIN DELETE FROM acts; END")


def a_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/passwd")


def a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "damage", [garbage, cut_short, foreign, endless, a_trigger, a_link, a_pipe, a_folder]
)
def test_a_damaged_or_foreign_file_is_thrown_away(
    ledger: SqlLedger, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    write(ledger, many(50))
    lists = SqliteLists(tmp_path / "lists")
    KeptCase(ledger, lists, verifier=None).catch_up()
    lists.close()
    damage(file_of(tmp_path / "lists"))
    again = SqliteLists(tmp_path / "lists")
    kept = KeptCase(ledger, again, verifier=None)
    assert kept.catch_up() == 150
    assert len(kept.records(Asked(limit=500)).rows) == 150
    again.close()


def test_lists_of_another_version_are_made_anew(
    ledger: SqlLedger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(ledger, many(5))
    lists = SqliteLists(tmp_path / "lists")
    KeptCase(ledger, lists, verifier=None).catch_up()
    lists.close()
    monkeypatch.setattr(kept_lists, "version", lambda: "another")
    again = SqliteLists(tmp_path / "lists")
    assert again.standing().size == 0
    again.close()


def test_another_case_in_the_same_place_begins_its_own_lists(tmp_path: Path) -> None:
    for seed in (300, 280, 290):
        place = tmp_path / f"{seed}.sqlite"
        ledger = SqlLedger(place)
        write(ledger, many(seed)[seed % 7 :])
        kept = KeptCase(ledger, SqliteLists(tmp_path / "lists"), verifier=None)
        kept.catch_up()
        shown = [line.url for line in kept.streams(Asked(limit=500)).rows]
        assert shown == list(folded(Lines(), ledger.read()).streams)[::-1]
        kept.close()


def test_a_ledger_that_is_replaced_while_it_is_shown_is_heard_from_its_first_record(
    kept: KeptCase, ledger: SqlLedger, tmp_path: Path
) -> None:
    write(ledger, many(20))
    kept.catch_up()
    ledger._database._connection.execute("DELETE FROM entries WHERE idx >= 30")  # type: ignore[union-attr]
    write(ledger, many(40)[60:])
    assert kept.catch_up() == 90
    assert len(kept.streams(Asked(limit=500)).rows) == 30


def test_two_at_once_keep_the_same_lists(ledger: SqlLedger, tmp_path: Path) -> None:
    write(ledger, many(2000))
    cases = [KeptCase(ledger, SqliteLists(tmp_path / "lists"), verifier=None) for _ in range(3)]
    threads = [threading.Thread(target=case.catch_up) for case in cases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [case.counts().records for case in cases] == [6000] * 3
    together = rows_of(tmp_path / "lists")
    cases[0].forget()
    cases[0].catch_up()
    assert rows_of(tmp_path / "lists") == together
    # The others still have the file that was thrown away, and lose nothing by that.
    write(ledger, many(1))
    assert [case.catch_up() for case in cases] == [6003] * 3
    for case in cases:
        case._lists.close()


READ = """
import sys
from pathlib import Path
from cautery.adapters.kept_lists import SqliteLists
from cautery.adapters.ledger_sql import SqlLedger
from cautery.workflows.case import kept as module
module._BATCH = 40
kept = module.KeptCase(
    SqlLedger(Path(sys.argv[1]), read_only=True), SqliteLists(Path(sys.argv[2])), verifier=None
)
print("ready", flush=True)
print(kept.catch_up(), flush=True)
"""


def reader(ledger: Path, lists: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", READ, str(ledger), str(lists)], stdout=subprocess.PIPE, text=True
    )


def test_two_processes_keep_the_same_lists(ledger: SqlLedger, tmp_path: Path) -> None:
    write(ledger, many(1000))
    readers = [reader(tmp_path / "ledger.sqlite", tmp_path / "lists") for _ in range(2)]
    outputs = [process.communicate(timeout=120)[0].split() for process in readers]
    assert outputs == [["ready", "3000"]] * 2
    kept = KeptCase(ledger, SqliteLists(tmp_path / "once"), verifier=None)
    kept.catch_up()
    assert rows_of(tmp_path / "lists") == rows_of(tmp_path / "once")
    kept._lists.close()


def test_a_reader_killed_in_mid_write_leaves_lists_that_the_next_one_goes_on_with(
    ledger: SqlLedger, tmp_path: Path
) -> None:
    write(ledger, many(3000))
    lists = tmp_path / "lists"
    places: list[int] = []
    # On a busy machine a reader may need longer before it has written anything.
    while len(places) < 8 or not places[-1]:
        process = reader(tmp_path / "ledger.sqlite", lists)
        assert process.stdout
        process.stdout.readline()
        time.sleep(min(2.0, 0.03 * 1.4 ** len(places)))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        survivor = SqliteLists(lists)
        places.append(survivor.standing().size)
        survivor.close()
        assert len(places) < 100
    assert places == sorted(places)
    kept = KeptCase(ledger, SqliteLists(lists), verifier=None)
    assert kept.catch_up() == 9000
    kept._lists.close()
    whole = KeptCase(ledger, SqliteLists(tmp_path / "whole"), verifier=None)
    whole.catch_up()
    assert rows_of(lists) == rows_of(tmp_path / "whole")
    whole._lists.close()


def begun(folder: Path) -> Case:
    store = FolderStore(KeyFolder(folder / "keys"), patience_s=0.1)
    return open_case(folder / "case", store=store, clock=FixedClock(NOON))


@pytest.mark.parametrize("count", [1, 2, 85, 86, 171, 260])
def test_every_record_below_a_signed_root_has_its_proof(tmp_path: Path, count: int) -> None:
    case = begun(tmp_path)
    write(case.ledger, many(count))  # type: ignore[arg-type]
    case.checkpoint()
    write(case.ledger, many(1))  # type: ignore[arg-type]
    lists = SqliteLists(tmp_path / "lists")
    kept = KeptCase(case.ledger, lists, verifier=case.verifier)
    kept.catch_up()
    size = count * 3
    for record in {0, 1, size // 2, 255, 256, 511, 512, size - 1}:
        if record < size:
            proof = kept.proven(record)
            verify_inclusion(
                leaf_hash(proof.entry.leaf),
                index=record,
                size=size,
                proof=proof.path,
                root=proof.checkpoint.root,
            )
    with pytest.raises(InputError, match="newer than the last signed root"):
        kept.proven(size)
    with pytest.raises(InputError, match="no record"):
        kept.proven(size + 3)
    lists.close()
    case.leave()


def test_a_tile_edited_by_hand_costs_a_rebuild_and_an_edited_ledger_is_named(
    tmp_path: Path,
) -> None:
    case = begun(tmp_path)
    write(case.ledger, many(200))  # type: ignore[arg-type]
    case.checkpoint()
    lists = SqliteLists(tmp_path / "lists")
    kept = KeptCase(case.ledger, lists, verifier=case.verifier)
    kept.catch_up()
    edit(tmp_path / "lists", "UPDATE tiles SET root = zeroblob(32) WHERE number = 1")
    assert kept.proven(5).entry.index == 5
    with sqlite3.connect(tmp_path / "case/ledger.sqlite") as connection:
        connection.execute(
            "UPDATE entries SET leaf = (SELECT leaf FROM entries WHERE idx = 2) WHERE idx = 5"
        )
    with pytest.raises(EvidenceError, match="not in the ledger of 600 that was signed"):
        kept.proven(5)
    lists.close()
    case.ledger.close()
    case.store.release(case.path)


def test_a_folder_that_takes_no_file_gets_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError):
        SqliteLists(tmp_path / "file" / "lists")


def test_subject_lines_are_the_records_of_one_stream(kept: KeptCase, ledger: SqlLedger) -> None:
    write(ledger, list(night()))
    kept.catch_up()
    assert [entry.index for entry in kept.about(URLS[1])] == [4, 6, 7, 15, 16, 20]
    assert [entry.index for entry in kept.about(REFERRAL.id)] == [11, 12, 13, 14, 22]
    assert [entry.index for entry in kept.entries([6, 2, 99])] == [2, 6]


def test_no_file_of_a_case_is_touched_or_made_by_its_lists(tmp_path: Path) -> None:
    case = begun(tmp_path)
    write(case.ledger, many(20))  # type: ignore[arg-type]
    case.leave()
    before = sorted(str(path) for path in (tmp_path / "case").rglob("*"))
    ledger = SqlLedger(tmp_path / "case/ledger.sqlite", read_only=True)
    kept = KeptCase(ledger, SqliteLists(tmp_path / "lists"), verifier=None)
    kept.catch_up()
    kept.close()
    assert sorted(str(path) for path in (tmp_path / "case").rglob("*")) == before


def test_hosts_that_one_record_names_first_are_all_on_some_page(
    kept: KeptCase, ledger: SqlLedger
) -> None:
    write(ledger, [probed(url, 1) for url in URLS])
    kept.catch_up()
    assert kept.counts().hosts == 6
    hosts = walked(kept.hosts, Asked(limit=1))  # type: ignore[arg-type]
    assert len(hosts) == 6
    assert hosts == list(kept.hosts(Asked()).rows)


HOSTILE: list[tuple[str, dict[str, object]]] = [
    (
        "stream.appeared",
        {
            "host": "\ud800.example",
            "source": "\udfff",
            "title": "a\ud83d b",
            "url": "http://\ud800/",
        },
    ),
    ("stream.appeared", {"host": "", "source": "", "title": None, "url": ""}),
    (
        "asset.facts",
        dict.fromkeys(("asn", "certificate", "country", "organisation", "registration"))
        | {"addresses": ["1 2", "\ud800", "\0"], "host": "\0h", "shared": []},
    ),
    ("x\0y", {"\ud800": ["\ud800", 1e300, {"a": True}]}),
]


def test_hostile_records_cost_no_list_anything(kept: KeptCase, ledger: SqlLedger) -> None:
    write(ledger, many(2))
    moments = ("0001-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z")
    for moment in moments:
        for kind, body in HOSTILE:
            also = {"at": moment} | ({"offer": None} if kind.startswith("stream") else {})
            leaf = json.dumps({"at": moment, "body": body | also, "kind": kind})
            ledger._database._connection.execute(  # type: ignore[union-attr]
                "INSERT INTO entries (idx, kind, leaf) SELECT max(idx) + 1, ?, ? FROM entries",
                (kind, leaf.encode()),
            )
    assert kept.catch_up() == 14
    shapes = {type(entry.content).__name__ for entry in ledger.read(since=6)}
    assert shapes == {"StreamAppeared", "AssetFacts", "UnknownRecord"}
    for page in (kept.records, kept.streams, kept.hosts, kept.acts, kept.verdicts):
        for text in ("", "example", "a"):
            page(Asked(text=text))
    assert len(kept.records(Asked()).rows) == 14
    assert ("1 2", "\ud800", "\0") in [line.addresses for line in kept.hosts(Asked()).rows]
    assert kept.remade == 0


def test_two_subjects_under_one_number_are_told_apart(
    kept: KeptCase, ledger: SqlLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (_kept_questions, _kept_rows):
        monkeypatch.setattr(module, "number_of", lambda _: 7)
    write(ledger, list(night()))
    kept.catch_up()
    assert [entry.index for entry in kept.about(URLS[1])] == [4, 6, 7, 15, 16, 20]
    assert kept.remade == 0


def test_a_proof_waits_for_no_first_filling(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = begun(tmp_path)
    write(case.ledger, many(200))  # type: ignore[arg-type]
    case.checkpoint()
    lists = SqliteLists(tmp_path / "lists")
    kept = KeptCase(case.ledger, lists, verifier=case.verifier)
    monkeypatch.setattr(kept_workflow, "_AGAIN", 300)
    with pytest.raises(InputError, match="still being made: 300 of 600 records"):
        kept.proven(5)
    assert kept.proven(5).entry.index == 5
    lists.close()
    case.leave()


def test_a_case_is_closed_and_verified_while_its_lists_are_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    case = begun(tmp_path)
    append(
        case.ledger,
        CaseOpened(mandate=MANDATE, version="0", lab=True, key=str(case.verifier)),
        at=NOON,
    )
    write(case.ledger, many(100))  # type: ignore[arg-type]
    case.checkpoint()
    kept = kept_case(case.path)
    assert kept.catch_up() == 301
    close_case(case, at=NOON)
    verified = verify_case(case.path, store=FolderStore())
    assert kept.catch_up() == verified.records
    assert kept.records(Asked(limit=1)).rows[0].kind == "case.closed"
    assert kept.proven(verified.records - 1).checkpoint.size == verified.records
    kept.close()
    assert verify_case(case.path, store=FolderStore()).records == verified.records


def test_a_sqlite_that_cannot_hold_the_tables_gets_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(kept_lists.TABLES, "found", "CREATE VIRTUAL TABLE found USING fts99(words)")
    with pytest.raises(StorageError, match="fts99"):
        SqliteLists(tmp_path / "lists")
    assert list((tmp_path / "lists").glob("*.sqlite")) == []
