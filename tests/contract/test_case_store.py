"""One suite over every store of cases: folders, and the server of an organisation."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from tests.servers import Bucket, database_of_its_own

from cautery.adapters.case_folder import FolderStore
from cautery.adapters.case_server import ServerStore
from cautery.adapters.clock import FixedClock
from cautery.adapters.keys_file import KeyFolder
from cautery.adapters.server_place import Server
from cautery.adapters.server_schema import prepare
from cautery.errors import EvidenceError, InputError, StorageError
from cautery.evidence.manifest import CASE_KEY, LEDGER, MANIFEST, NOTE
from cautery.model import Regime, digest_of, to_json
from cautery.workflows.case.close import close_case
from cautery.workflows.case.open import Case, open_case
from cautery.workflows.case.verify import Verified, verify_case

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
CLOCK = FixedClock(NOON)
Store = FolderStore | ServerStore


class Folders:
    """Cases in folders."""

    def __init__(self, tmp_path: Path) -> None:
        self.keys = KeyFolder(tmp_path / "keys")
        self.path = tmp_path / "case"

    def store(self) -> Store:
        """As another process would open it."""
        return FolderStore(self.keys, patience_s=0.1)

    def replace(self, name: str, data: bytes) -> None:
        (self.path / name).write_bytes(data)

    def close(self) -> None: ...


class OnServer:
    """Cases on a server."""

    path = Path("server:derby")

    def __init__(self, tmp_path: Path, server: Server, bucket: Bucket) -> None:
        self.keys = KeyFolder(tmp_path / "keys")
        self.server, self.bucket = server, bucket
        self.stores: list[ServerStore] = []

    def store(self) -> ServerStore:
        self.stores.append(ServerStore(self.server, self.keys, patience_s=0.1))
        return self.stores[-1]

    def replace(self, name: str, data: bytes) -> None:
        case = self.store().row(self.path).id
        if name.startswith("vault/") or name == LEDGER:
            self.bucket.put(f"of/police/{case}/{name}", data)
        else:
            self.sql("UPDATE cautery.files SET content = %s WHERE name = %s", data, name)

    def sql(self, statement: str, *values: object) -> None:
        with psycopg.connect(self.server.database, autocommit=True) as connection:
            connection.execute(statement, values)

    def hang_up(self) -> None:
        """End every connection to the database but one's own."""
        self.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

    def close(self) -> None:
        for store in self.stores:
            store.close()


@pytest.fixture
def server(tmp_path: Path, bucket: Bucket) -> Iterator[OnServer]:
    with database_of_its_own() as database:
        place = Server(database=database, vault=bucket.url)
        prepare(place, Regime.GDPR)
        made = OnServer(tmp_path, place, bucket)
        yield made
        made.close()


@pytest.fixture(params=["folder", "server"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Folders | OnServer:
    if request.param == "folder":
        return Folders(tmp_path)
    made: OnServer = request.getfixturevalue("server")
    return made


def opened(place: Folders | OnServer) -> Case:
    return open_case(place.path, store=place.store(), clock=CLOCK, regime=Regime.GDPR)


def begun(place: Folders | OnServer) -> Case:
    """An open case with two exhibits, one of them confidential, and their records."""
    case = opened(place)
    case.ledger.append("case.opened", {"mandate": "x"}, at=NOON)
    for data, subject in ((b"segment", None), (b"line=secret", "source:1")):
        exhibit = case.vault.seal(
            data, media_type="text/plain", at=NOON, clock=CLOCK.offset(), subject=subject
        )
        case.ledger.append("exhibit.sealed", {"exhibit": to_json(exhibit)}, at=NOON)
    case.checkpoint()
    case.write("report.html", b"<h1>LAB</h1>")
    return case


def outside_key(place: Folders | OnServer, folder: Path) -> Path:
    key = folder / "outside.pub"
    key.write_bytes(place.store().read(place.path, CASE_KEY, limit=4096))
    return key


def verified(place: Folders | OnServer, key: Path | None = None) -> Verified:
    return verify_case(place.path, store=place.store(), public_key=key, now=NOON)


def test_a_case_is_begun_closed_and_authentic(place: Folders | OnServer, tmp_path: Path) -> None:
    close_case(begun(place), at=NOON)
    checked = verified(place, outside_key(place, tmp_path))
    assert (checked.verdict, checked.records, checked.exhibits) == ("authentic", 4, 2)


def test_a_case_goes_on_where_it_was_left(place: Folders | OnServer) -> None:
    begun(place).leave()
    case = opened(place)
    assert [entry.index for entry in case.ledger.read()] == [0, 1, 2]
    case.ledger.append("x", {}, at=NOON)
    case.write("report.html", b"again")
    close_case(case, at=NOON)
    assert verified(place).records == 5


def test_a_closed_case_takes_nothing_more(place: Folders | OnServer) -> None:
    close_case(begun(place), at=NOON)
    with pytest.raises(InputError, match="closed"):
        opened(place)


def test_a_ledger_that_is_still_open_adds_nothing_to_a_closed_case(server: OnServer) -> None:
    late = begun(server)
    late.store.release(server.path)  # as if its connection had hung up
    case = opened(server)
    case.write("report.html", b"<h1>LAB</h1>")
    close_case(case, at=NOON)
    with pytest.raises(StorageError, match="closed or moved meanwhile"):
        late.ledger.append("x", {}, at=NOON)
    assert verified(server).verdict == "consistent"


def test_files_are_written_read_listed_and_removed(place: Folders | OnServer) -> None:
    case = begun(place)
    store, path = case.store, place.path
    assert store.read(path, "report.html", limit=99) == b"<h1>LAB</h1>"
    assert store.digest(path, "report.html", size=12) == hashlib.sha256(b"<h1>LAB</h1>").hexdigest()
    with pytest.raises(EvidenceError, match="size changed"):
        store.digest(path, "report.html", size=11)
    with pytest.raises(EvidenceError, match="12 bytes; at most 11"):
        store.read(path, "report.html", limit=11)
    names = [file.name for file in store.files(path)]
    assert {"keys/case.pub", "report.html"} < set(names)
    assert sum(name.startswith("vault/") for name in names) == 2
    store.write(path, "report.html", b"new")
    assert place.store().read(path, "report.html", limit=99) == b"new"
    store.remove(path, "report.html")
    store.remove(path, "report.html")
    assert not store.exists(path, "report.html")
    with pytest.raises(EvidenceError, match="missing"):
        store.read(path, "report.html", limit=99)
    case.leave()


def test_who_is_alone_with_a_case_keeps_others_away(place: Folders | OnServer) -> None:
    begun(place).leave()
    one, other, path = place.store(), place.store(), place.path
    one.hold(path, alone=False)
    other.hold(path, alone=False)
    assert one.shares(path)
    with pytest.raises(StorageError, match="another process is writing"):
        one.hold(path, alone=True)
    other.release(path)
    assert not one.shares(path)
    one.hold(path, alone=True)
    with pytest.raises(StorageError, match="another process is closing"):
        other.hold(path, alone=False)
    one.release(path)
    other.hold(path, alone=True)
    other.release(path)


def test_there_is_no_case_where_none_was_begun(place: Folders | OnServer) -> None:
    store = place.store()
    assert not store.exists(place.path, LEDGER)
    with pytest.raises(InputError):
        open_case(place.path, store=store, clock=CLOCK, read_only=True)
    with pytest.raises(InputError):
        verified(place)


def test_a_killed_closing_is_finished(
    place: Folders | OnServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = begun(place)
    write = case.store.write

    def killed(path: Path, name: str, content: bytes) -> None:
        if name == NOTE:
            raise KeyboardInterrupt
        write(path, name, content)

    monkeypatch.setattr(case.store, "write", killed)
    with pytest.raises(KeyboardInterrupt):
        close_case(case, at=NOON)
    case.store.release(place.path)
    assert place.store().exists(place.path, MANIFEST)
    with pytest.raises(InputError, match="the last write of the closing was missing"):
        opened(place)
    assert verified(place).records == 4


def test_a_closing_that_was_cut_before_it_was_signed_is_done_again(
    place: Folders | OnServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = begun(place)
    with monkeypatch.context() as cut:
        cut.setattr(case.ledger, "settle", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            close_case(case, at=NOON)
    case.ledger.close()
    case.store.release(place.path)
    again = opened(place)
    again.write("report.html", b"<h1>LAB</h1>")
    close_case(again, at=NOON)
    assert verified(place).records == 5  # the first closing's record stays


def _interrupt() -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("what", ["report.html", MANIFEST, CASE_KEY, LEDGER, "exhibit"])
def test_what_was_changed_is_named(place: Folders | OnServer, what: str) -> None:
    close_case(begun(place), at=NOON)
    digest = digest_of(b"segment")[7:]
    name = f"vault/{digest[:2]}/{digest}" if what == "exhibit" else what
    place.replace(name, b"changed")
    with pytest.raises(EvidenceError, match=f"{name}|{CASE_KEY}"):
        verified(place)


def test_a_record_that_was_changed_in_the_database_is_found(server: OnServer) -> None:
    close_case(begun(server), at=NOON)
    case = server.store().row(server.path).id
    server.sql(f"UPDATE case_{case}.entries SET leaf = leaf || ' ' WHERE idx = 1")
    with pytest.raises(EvidenceError, match="record 1"):
        verified(server)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE case_{case}.checkpoints SET at = '2019-01-01T00:00:00.000000Z' WHERE number = 0",
        "DELETE FROM case_{case}.checkpoints WHERE number = 0",
        "UPDATE case_{case}.entries SET kind = 'verdict' WHERE idx = 1",
    ],
)
def test_tables_that_differ_from_the_signed_ledger_are_found(server: OnServer, change: str) -> None:
    case = begun(server)
    case.ledger.checkpoint(case.signer, at=NOON)
    close_case(case, at=NOON)
    assert verified(server).checkpoints > 1
    server.sql(change.format(case=server.store().row(server.path).id))
    with pytest.raises(EvidenceError, match="in the database is not that of the signed file"):
        verified(server)


def test_an_exhibit_is_read_from_the_vault_alone(server: OnServer) -> None:
    """Whoever can write to the database adds a row under its name."""
    close_case(begun(server), at=NOON)
    store = server.store()
    digits = digest_of(b"segment").removeprefix("sha256:")
    name = f"vault/{digits[:2]}/{digits}"
    assert store.read(server.path, name, limit=7) == b"segment"
    with pytest.raises(EvidenceError, match="at most"):
        store.read(server.path, name, limit=6)
    server.sql(
        "INSERT INTO cautery.files (case_id, name, content) VALUES (%s, %s, %s)",
        store.row(server.path).id, name, b"another",
    )  # fmt: skip
    assert store.read(server.path, name, limit=7) == b"segment"
    with pytest.raises(EvidenceError, match="wrong place"):
        verified(server)


def test_two_cases_of_a_server_are_apart(server: OnServer) -> None:
    close_case(begun(server), at=NOON)
    other = open_case(Path("server:final"), store=server.store(), clock=CLOCK, regime=Regime.GDPR)
    assert other.ledger.size() == 0
    assert not other.vault.holds(digest_of(b"segment"))
    other.leave()
    assert [*server.store().cases()] == ["derby", "final"]


def test_a_server_takes_cases_of_one_regime(server: OnServer, tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match="cases of the regime gdpr, and this case is of the regime led"
    ):
        open_case(server.path, store=server.store(), clock=CLOCK, regime=Regime.LED)
    assert server.store().cases() == {}
    assert not (tmp_path / "keys").exists()
    with pytest.raises(InputError, match="takes cases of the regime gdpr, and never others"):
        prepare(server.server, Regime.LED)


def test_the_keys_of_two_regimes_never_lie_in_one_folder(server: OnServer, bucket: Bucket) -> None:
    begun(server).leave()
    with database_of_its_own() as database:
        police = Server(database=database, vault=f"s3://{bucket.name}/police")
        prepare(police, Regime.LED)
        store = ServerStore(police, server.keys)
        with pytest.raises(InputError, match="keys of gdpr cases, and none of led"):
            open_case(server.path, store=store, clock=CLOCK, regime=Regime.LED)
        assert store.cases() == {}
        store.close()


def test_a_vault_belongs_to_one_database(server: OnServer) -> None:
    with database_of_its_own() as database:
        with pytest.raises(InputError, match="belongs to another database, of gdpr cases"):
            prepare(Server(database=database, vault=server.server.vault), Regime.LED)
        elsewhere = Server(database=server.server.database, vault=f"s3://{server.bucket.name}/b")
        store = ServerStore(elsewhere, server.keys)
        with pytest.raises(InputError, match="does not belong to the database"):
            open_case(server.path, store=store, clock=CLOCK, regime=Regime.GDPR)
        store.close()


def test_a_case_without_a_mandate_is_not_begun_on_a_server(server: OnServer) -> None:
    with pytest.raises(InputError, match="no such case on the server"):
        open_case(server.path, store=server.store(), clock=CLOCK)
    assert server.store().cases() == {}


def test_a_database_that_nobody_prepared_says_so(bucket: Bucket) -> None:
    with database_of_its_own() as database:
        store = ServerStore(Server(database=database, vault=bucket.url))
        with pytest.raises(InputError, match="not prepared yet"):
            store.cases()


def test_a_database_of_another_version_is_not_touched(server: OnServer) -> None:
    for version, words in (("0000", "older tables"), ("9999", "newer version")):
        server.sql("UPDATE cautery.alembic_version SET version_num = %s", version)
        with pytest.raises(InputError, match=words):
            server.store().cases()


def test_preparing_again_changes_nothing(server: OnServer) -> None:
    begun(server).leave()
    assert not prepare(server.server, Regime.GDPR)
    assert [*server.store().cases()] == ["derby"]


def test_a_database_of_the_first_version_is_brought_up_with_its_cases(server: OnServer) -> None:
    begun(server).leave()
    server.sql("DROP SCHEMA cautery_people CASCADE")
    server.sql("DROP SCHEMA cautery_jobs CASCADE")
    server.sql("DROP TABLE cautery.answers, cautery.nights, cautery.nodes")
    server.sql("DROP TABLE cautery.drivers, cautery.list_versions")
    server.sql("UPDATE cautery.alembic_version SET version_num = '0001'")
    with pytest.raises(InputError, match="older tables"):
        server.store().cases()
    assert not prepare(server.server, Regime.GDPR)
    assert [*server.store().cases()] == ["derby"]
    server.sql("INSERT INTO cautery_people.challenges VALUES ('x', 1)")


@pytest.mark.parametrize("name", ["", "a/b", "..", "a b", "x" * 101, "-x", "a;b", "a'b"])
def test_a_name_that_no_case_has_is_refused(server: OnServer, name: str) -> None:
    with pytest.raises(InputError, match="not the name of a case"):
        server.store().find(Path(f"server:{name}"))


def test_a_server_that_hangs_up_costs_a_writer_nothing(server: OnServer) -> None:
    case = begun(server)
    server.hang_up()
    case.ledger.append("x", {}, at=NOON)
    server.hang_up()
    case.write("report.html", b"<h1>LAB</h1>")
    assert case.store.shares(server.path) is False
    close_case(case, at=NOON)
    assert verified(server).records == 5


def test_a_closing_whose_connection_hung_up_signs_nothing_and_is_done_again(
    server: OnServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = begun(server)
    settle = case.ledger.settle

    def hung_up() -> None:
        settle()
        server.hang_up()

    monkeypatch.setattr(case.ledger, "settle", hung_up)
    with pytest.raises(StorageError, match="hung up while a case was held alone"):
        close_case(case, at=NOON)
    assert not server.store().exists(server.path, NOTE)
    again = opened(server)
    again.write("report.html", b"<h1>LAB</h1>")
    close_case(again, at=NOON)
    assert verified(server).verdict == "consistent"


def test_a_server_that_is_gone_is_a_sentence(server: OnServer) -> None:
    gone = Server(database="postgresql://u:its-secret@127.0.0.1:1/x", vault=server.server.vault)
    with pytest.raises(StorageError) as caught:
        ServerStore(gone).cases()
    assert "127.0.0.1" in str(caught.value)
    assert "its-secret" not in f"{caught.value} {caught.value.hint} {gone!r}"
