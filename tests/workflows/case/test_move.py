"""A case that is moved to the organisation's server and back is the same, and is never lost."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.servers import Bucket, database_of_its_own
from tests.worlds import NOON, World

from cautery.adapters.case_folder import FolderStore
from cautery.adapters.case_places import CasePlaces
from cautery.adapters.custody_file import custody_path, require_room
from cautery.adapters.keys_file import KeyFolder
from cautery.adapters.moved_folder import FolderCase
from cautery.adapters.server_place import Server
from cautery.adapters.server_schema import prepare
from cautery.errors import CauteryError, ConflictError, EvidenceError, InputError, StorageError
from cautery.evidence.custody import MAX_CHAIN_BYTES, CustodyAct, stated
from cautery.evidence.manifest import CASE_KEY
from cautery.evidence.ports import CasePlace
from cautery.model import Mandate, Regime, digest_of
from cautery.workflows.case.close import close_case
from cautery.workflows.case.move import Moved, move_case
from cautery.workflows.case.verify import verify_case


@pytest.fixture
def world(tmp_path: Path, bucket: Bucket, mandated: Callable[..., Mandate]) -> Iterator[World]:
    with database_of_its_own() as database:
        server = Server(database=database, vault=bucket.url)
        prepare(server, Regime.GDPR)
        made = World(tmp_path, server, bucket, mandated())
        yield made
        made.die()


def moved(world: World, source: str, target: str, **more: Any) -> Moved:
    return move_case(world.place(source), world.place(target), **more)


WAYS = pytest.mark.parametrize(("source", "target"), [("folder", "server"), ("server", "folder")])
STATES = pytest.mark.parametrize("closed", [True, False], ids=["closed", "open"])


@WAYS
@STATES
def test_a_case_that_was_moved_is_the_same(
    world: World, source: str, target: str, *, closed: bool
) -> None:
    world.begun(source, closed=closed)
    before = world.held(source)
    said = moved(world, source, target)
    assert world.held(target) == before
    assert (said.closed, said.records) == (closed, sum("record" in name for name in before))
    gone, path = world.store(source)
    assert not gone.exists(path, CASE_KEY)
    assert [one.name for one in (world.folder / "cases").glob("*")] == ["derby"] * (
        target == "folder"
    )
    if source == "server":
        assert world.bucket.names() == ["of/police/cautery.server"]


@WAYS
def test_a_closed_case_is_authentic_by_an_outside_key_at_both_ends(
    world: World, source: str, target: str, tmp_path: Path
) -> None:
    world.begun(source, closed=True)
    store, path = world.store(source)
    key = tmp_path / "outside.pub"
    key.write_bytes(store.read(path, CASE_KEY, limit=4096))
    checked = verify_case(path, store=store, public_key=key)
    assert moved(world, source, target, public_key=key).authentic
    store, path = world.store(target)
    again = verify_case(path, store=store, public_key=key)
    assert again.authentic
    assert (again.root, again.files, again.size) == (checked.root, checked.files, checked.size)


@WAYS
def test_an_open_case_goes_on_where_it_came(world: World, source: str, target: str) -> None:
    world.begun(source, closed=False)
    moved(world, source, target)
    case = world.case(target)
    case.ledger.append("x", {}, at=NOON)
    case.write("report.html", b"<h1>LAB</h1>")
    close_case(case, at=NOON)
    store, path = world.store(target)
    assert verify_case(path, store=store).records == 5
    moved(world, target, source)
    store, path = world.store(source)
    assert verify_case(path, store=store).records == 5


class KilledError(BaseException):
    """Where a process was killed."""


STEPS = ("leave", "expect", "take", "take_ledger", "take_custody", "admit", "remove")


class Dying:
    """A place at which a move is killed before or after its n-th change."""

    def __init__(self, place: CasePlace, left: list[int]) -> None:
        self._place, self._left = place, left

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._place, name)
        if name not in STEPS:
            return value

        def step(*values: Any) -> Any:
            self._count()
            done = value(*values)
            self._count()
            return done

        return step

    def _count(self) -> None:
        self._left[0] -= 1
        if not self._left[0]:
            raise KilledError


@WAYS
@STATES
def test_a_move_that_is_killed_anywhere_loses_nothing_and_is_finished(
    world: World, source: str, target: str, *, closed: bool
) -> None:
    world.begun(source, closed=closed)
    before, killed = world.held(source), 0
    while True:
        left = [killed + 1]
        try:
            move_case(Dying(world.place(source), left), Dying(world.place(target), left))
            break
        except KilledError:
            killed += 1
            world.die()
        places = [name for name in (source, target) if world.place(name).standing() is not None]
        assert places
        for name in places:
            assert world.held(name) == before
        if left_open(world, places) and not closed:
            with pytest.raises(StorageError, match="being moved"):
                world.case(source)
        if target in places:  # it stands there already: go on, and begin anew
            if source in places or world.place(source).left() is not None:
                moved(world, source, target)
            assert world.held(target) == before
            moved(world, target, source)
    assert killed > 15
    assert world.held(target) == before


def left_open(world: World, places: list[str]) -> bool:
    return len(places) == 2 or world.path.joinpath(".moving").exists()


@STATES
def test_what_somebody_killed_left_half_written_stays_behind(world: World, *, closed: bool) -> None:
    world.begun("folder", closed=closed)
    before = world.held("folder")
    if not closed:  # closing removes it
        next(world.path.glob("vault/*")).joinpath(".writing-999999999-a").write_bytes(b"half")
    moved(world, "folder", "server")
    assert world.held("server") == before
    arriving = world.path.with_name(".derby.arriving") / "vault" / digest_of(b"segment")[7:9]
    arriving.mkdir(parents=True)
    (arriving / ".writing-999999999-b").write_bytes(b"half")
    moved(world, "server", "folder")
    assert world.held("folder") == before
    assert not [*world.path.rglob(".writing-*")]


@WAYS
def test_a_copy_that_differs_is_not_admitted(
    world: World, source: str, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.begun(source, closed=False)
    before, place = world.held(source), world.place(target)
    take = type(place).take

    def spoilt(self: Any, file: Any, pieces: Any) -> None:
        take(
            self, file, (lambda: iter([b"<h2>LAB</h2>"])) if file.name == "report.html" else pieces
        )

    with monkeypatch.context() as patched:
        patched.setattr(type(place), "take", spoilt)
        with pytest.raises(EvidenceError, match=r"the copy differs from .*: report\.html"):
            move_case(world.place(source), place)
    world.die()
    assert world.place(target).standing() is None
    assert world.held(source) == before
    world.case(source).leave()  # it goes on where it is
    moved(world, source, target)
    assert world.held(target) == before


@WAYS
def test_a_move_whose_place_is_gone_leaves_the_case_at_work(
    world: World, source: str, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.begun(source, closed=False)
    place = world.place(target)
    with monkeypatch.context() as patched:
        patched.setattr(place, "take_ledger", _gone)
        with pytest.raises(StorageError, match="gone"):
            move_case(world.place(source), place)
    world.die()
    case = world.case(source)
    case.ledger.append("x", {}, at=NOON)
    case.leave()
    assert moved(world, source, target).records == 4


def _gone(_: object) -> None:
    raise StorageError("gone")


@WAYS
@STATES
def test_a_case_that_is_not_as_it_was_signed_stays(
    world: World, source: str, target: str, *, closed: bool
) -> None:
    world.begun(source, closed=closed)
    store, path = world.store(source)
    [name] = [file.name for file in store.files(path) if "vault/" in file.name][:1]
    if source == "folder":
        (path / name).write_bytes(b"other")
    else:
        world.bucket.put(f"of/police/{store.row(path).id}/{name}", b"other")  # type: ignore[attr-defined]
    with pytest.raises(EvidenceError, match="vault/"):
        moved(world, source, target)
    world.die()
    assert world.place(target).standing() is None
    assert world.place(source).standing() is not None


@WAYS
def test_a_case_that_is_at_work_is_not_moved(world: World, source: str, target: str) -> None:
    world.begun(source, closed=False)
    case = world.case(source)
    place = world.place(source)
    place.store._patience_s = 0.1  # type: ignore[attr-defined]
    with pytest.raises(StorageError, match="another process is writing"):
        move_case(place, world.place(target))
    case.ledger.append("x", {}, at=NOON)
    case.leave()
    assert moved(world, source, target).records == 4


@WAYS
def test_no_case_is_written_over(world: World, source: str, target: str) -> None:
    world.begun(source, closed=True)
    world.begun(target, closed=True)
    theirs = world.held(target)
    with pytest.raises(InputError, match="another case lies there"):
        moved(world, source, target)
    assert world.held(target) == theirs


def test_a_copy_that_was_worked_on_here_and_not_there_is_not_removed(world: World) -> None:
    world.begun("folder", closed=False)
    copy = world.folder / "copy"
    shutil.copytree(world.path, copy)
    moved(world, "folder", "server")
    copy.rename(world.path)
    case = world.case("folder")  # an older copy, put back by hand
    case.ledger.append("x", {}, at=NOON)
    case.ledger.close()  # nobody signs it: such as an approval from another process
    case.store.release(world.path)
    with pytest.raises(ConflictError, match="lacks records"):
        moved(world, "folder", "server")
    assert world.place("folder").standing() is not None


def test_a_police_case_is_not_moved_among_others(
    world: World, mandated: Callable[..., Mandate]
) -> None:
    world.mandate = replace(world.mandate, regime=Regime.LED)
    world.begun("folder", closed=True)
    with pytest.raises(
        InputError, match="cases of the regime gdpr, and this case is of the regime led"
    ):
        moved(world, "folder", "server")
    assert world.place("folder").standing() is not None
    assert world.store("server")[0].cases() == {}  # type: ignore[attr-defined]


@WAYS
def test_the_chain_of_custody_goes_along(world: World, source: str, target: str) -> None:
    def places() -> CasePlaces:
        return CasePlaces(FolderStore(), lambda: world.store("server")[0])  # type: ignore[arg-type,return-value]

    world.begun(source, closed=True)
    for number in range(2):
        places().add_to_custody(
            world.store(source)[1],
            lambda chain, number=number: stated(  # type: ignore[misc]
                at=NOON, act=CustodyAct.OPENED, by="A", why=f"why {number}", what="x",
                digest=digest_of(b"x"), previous=chain[-1].id if chain else "",
            ),
        )  # fmt: skip
    before = places().custody(world.store(source)[1])
    moved(world, source, target)
    assert places().custody(world.store(target)[1]) == before
    assert len(before) == 2
    assert custody_path(world.path).exists() is (target == "folder")


def test_what_is_no_case_is_not_moved(world: World) -> None:
    for source, target in (("folder", "server"), ("server", "folder")):
        with pytest.raises(CauteryError, match="not a case"):
            moved(world, source, target)


def opened_by(world: World, name: str, who: str) -> None:
    places = CasePlaces(FolderStore(), lambda: world.store("server")[0])  # type: ignore[arg-type,return-value]
    places.add_to_custody(
        world.store(name)[1],
        lambda chain: stated(
            at=NOON, act=CustodyAct.OPENED, by=who, why="why", what="x",
            digest=digest_of(b"x"), previous=chain[-1].id if chain else "",
        ),
    )  # fmt: skip


@WAYS
def test_a_line_of_custody_that_comes_while_a_case_is_moved_is_not_lost(
    world: World, source: str, target: str
) -> None:
    world.begun(source, closed=True)
    opened_by(world, source, "A")
    there = world.place(target)
    admit, refused = there.admit, []

    def admitted() -> None:
        admit()
        try:
            opened_by(world, source, "B")
        except StorageError as error:
            refused.append(str(error))

    there.admit = admitted  # type: ignore[method-assign]
    move_case(world.place(source), there)
    known = [line["by"] for line in map(json.loads, world.place(target).custody().splitlines())]
    assert known == (["A"] if refused else ["A", "B"])
    assert bool(refused) is (source == "server")


def test_a_chain_of_custody_grows_no_longer_than_can_be_read(tmp_path: Path) -> None:
    case = tmp_path / "case"
    case.mkdir()
    chain = custody_path(case)
    path = FolderCase(case, KeyFolder(tmp_path / "keys"), to="x")
    chain.write_bytes(b"x" * (MAX_CHAIN_BYTES + 1))
    with pytest.raises(EvidenceError, match="longer than"):
        path.custody()
    with pytest.raises(EvidenceError, match="longer than"):
        require_room(chain, MAX_CHAIN_BYTES + 1)
    require_room(chain, MAX_CHAIN_BYTES)
    chain.write_bytes(b"more")
    with pytest.raises(ConflictError, match="was added"):
        path.remove(b"")
    assert case.exists()
