"""A case that two people took back to an older copy goes on in the log, on record; no other does."""

from __future__ import annotations

import base64
import shutil
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cautery.adapters.ledger_sql import SqlLedger
from cautery.errors import EvidenceError
from cautery.evidence.outside.restored import CaseLine
from cautery.lab.forged_cases import cut, forged, key_in
from cautery.lab.vouched_world import World
from cautery.model.records import Failure, LogRestored, kinds_of
from cautery.workflows.case.restore import restore_case
from cautery.workflows.case.verify import Verified, verify_case
from cautery.workflows.timing.closing import prove_closed

ANNA, BEN = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2))
PEOPLE = (("A. Legal", ANNA), ("B. Duty", BEN))


def approver(name: str, key: Ed25519PrivateKey) -> dict[str, str]:
    public = base64.b64encode(key.public_key().public_bytes_raw()).decode()
    return {"name": name, "role": "legal", "public_key": public}


@pytest.fixture
def watched(world: World) -> World:
    world.mandate = {"approvers": [approver(*person) for person in PEOPLE]}
    return world


def copied(world: World) -> Path:
    """Copy the open case as a backup would."""
    case, backup = world.case(), world.folder / "backup"
    shutil.rmtree(backup, ignore_errors=True)
    shutil.copytree(case.path, backup, ignore=shutil.ignore_patterns("ledger*"))
    with (
        closing(sqlite3.connect(case.path / "ledger.sqlite")) as here,
        closing(sqlite3.connect(backup / "ledger.sqlite")) as copy,
    ):
        here.backup(copy)
    return backup


def lose(world: World, backup: Path) -> Path:
    """Put the backup in the place of the case, whose disk broke."""
    case = world.cases.pop("case")
    case.leave()
    shutil.rmtree(case.path)
    shutil.copytree(backup, case.path)
    return case.path


def restore(world: World, path: Path, people: Any = PEOPLE) -> None:
    restore_case(path, store=world.store, clock=world.clock, why="the disk broke", people=people)


async def taken_back(world: World) -> None:
    await world.watch(3)
    backup = copied(world)
    await world.watch(3)
    restore(world, lose(world, backup))


def leaves(world: World) -> SqlLedger:
    return SqlLedger.at(world.folder / "log/ledger.sqlite", read_only=True)


def failures(world: World) -> list[str]:
    ledger = world.case().ledger
    entries = ledger.read(kinds=kinds_of(Failure))
    return [entry.content.message for entry in entries if isinstance(entry.content, Failure)]


def verified(world: World, path: Path, **given: Any) -> Verified:
    return verify_case(path, store=world.store, now=world.clock.now(), trust=world.trust, **given)


async def test_a_case_that_two_approvers_took_back_goes_on_in_the_log(watched: World) -> None:
    await taken_back(watched)
    await watched.watch(3)
    assert failures(watched) == []
    path = await watched.closed()
    result = verified(watched, path, log=leaves(watched))
    assert "by A. Legal and B. Duty, its approvers: the disk broke" in result.restored[0]
    assert any(
        line.endswith(
            "were given up when two people took it back "
            f"(from {_given_up(watched)[0]} records to {_given_up(watched)[1]}: "
            "the disk broke)"
        )
        for line in result.times
    )
    assert "back" not in " ".join(result.findings)


def _given_up(world: World) -> tuple[int, int]:
    """From and to where the case went back, by the log's own leaf."""
    [entry] = list(leaves(world).read(kinds=kinds_of(LogRestored)))
    line = CaseLine(world.case().verifier)
    for leaf in leaves(world).read():
        line.take(leaf.index, leaf.content)
    [back] = line.returns
    assert isinstance(entry.content, LogRestored)
    return back.last[0], back.to[0]


async def test_a_case_that_is_closed_right_after_its_restoration_is_proven(
    watched: World,
) -> None:
    await taken_back(watched)
    path = await watched.closed()
    assert verified(watched, path, log=leaves(watched)).verdict == "consistent"


async def test_a_case_can_be_taken_back_twice(watched: World) -> None:
    await taken_back(watched)
    await watched.watch(2)
    backup = copied(watched)
    await watched.watch(2)
    restore(watched, lose(watched, backup))
    await watched.watch(2)
    assert failures(watched) == []
    result = verified(watched, await watched.closed(), log=leaves(watched))
    assert len(result.restored) == 2
    assert sum("given up" in line for line in result.times) == 1


async def test_a_shorter_copy_without_a_restoration_is_refused_as_ever(watched: World) -> None:
    await watched.watch(4)
    path = await watched.closed()
    bad = forged(
        path,
        watched.folder / "forged",
        lambda leaves: cut(leaves, len(leaves) - 9),
        key_in(watched.folder / "keys", path),
    )
    with pytest.raises(EvidenceError, match="it is an older copy, or records were cut off"):
        await prove_closed(bad, store=watched.store, log=watched.log, again=True)


async def test_a_case_that_names_no_approvers_is_not_taken_back_in_the_log(world: World) -> None:
    """Any two people could sign, so the owner of the key alone could, with two keys of his own."""
    world.mandate = {"approvers": []}
    await taken_back(world)
    await world.watch(1)
    assert "the case names no approvers" in failures(world)[0]


async def test_a_copy_older_than_all_that_the_log_knows_is_refused(watched: World) -> None:
    case = watched.case()
    case.ledger.append("verdict", {"n": 0}, at=watched.clock.now())
    case.ledger.checkpoint(case.signer, at=watched.clock.now())
    backup = copied(watched)
    case.ledger.append("verdict", {"n": 1}, at=watched.clock.now())
    await watched.watch(2)  # what the log takes first has three records
    restore(watched, lose(watched, backup))
    await watched.watch(1)
    assert "the log has no note of the first 2 records" in failures(watched)[0]


async def test_one_text_takes_a_case_back_once(watched: World) -> None:
    await taken_back(watched)
    await watched.watch(2)
    [entry] = list(leaves(watched).read(kinds=kinds_of(LogRestored)))
    line = CaseLine(watched.case().verifier)
    for leaf in leaves(watched).read():
        line.take(leaf.index, leaf.content)
    with pytest.raises(EvidenceError, match="its text counts once"):
        line.take(99, entry.content)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"index": 0}, "."),
        ({"record": '{"at":"2026-05-01T18:00:00.000000Z","body":{},"kind":"x"}'}, "."),
        ({"path": ("AAAA",)}, "."),
        ({"path": ("?",)}, "not base64"),
        ({"opened_path": ()}, "."),
        ({"base": 1}, "the log has no note"),
        ({"previous": 1}, "nothing that was to be given up"),
        ({"proof": ()}, "."),
    ],
)
async def test_a_leaf_that_takes_a_case_back_without_its_proofs_counts_for_nothing(
    watched: World, change: dict[str, Any], why: str
) -> None:
    await taken_back(watched)
    await watched.watch(1)
    line, restoration = CaseLine(watched.case().verifier), None
    for leaf in leaves(watched).read():
        if isinstance(leaf.content, LogRestored):
            restoration = leaf.content
            break
        line.take(leaf.index, leaf.content)
    assert isinstance(restoration, LogRestored)
    bad = {name: getattr(restoration, name) for name in LogRestored.__slots__} | change
    notes = list(line.notes)
    with pytest.raises(EvidenceError, match=why):
        line.take(7, LogRestored(**bad))
    assert (line.notes, line.given_up) == (notes, [])
    line.take(7, restoration)
    assert line.given_up


async def test_records_whose_proof_was_lost_are_said_to_have_waited(watched: World) -> None:
    await watched.watch(3)
    watched.case().ledger.append("verdict", {"n": 1}, at=watched.clock.now())
    backup = copied(watched)
    await watched.watch(1)
    path = lose(watched, backup)
    watched.clock.at += timedelta(hours=3)
    restore(watched, path)
    await watched.watch(1)
    path = await watched.closed()
    with pytest.raises(EvidenceError, match="or it waited long for its proof"):
        verified(watched, path)
    assert verified(watched, path, within=timedelta(hours=4)).verdict == "consistent"
