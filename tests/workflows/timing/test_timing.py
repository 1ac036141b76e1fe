"""A case in the log: brackets for its records, and no forged history passes the co-signers."""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cautery.adapters.ledger_sql import SqlLedger
from cautery.errors import EvidenceError, InputError, SourceError
from cautery.evidence.merkle import leaf_hash
from cautery.evidence.note import checkpoint_text
from cautery.evidence.outside import proof as proof_module
from cautery.evidence.outside.proof import NOBODY, Trust
from cautery.evidence.outside.proof_file import MOST_STAMPS, parse_proof_file
from cautery.evidence.outside.stamps import check_stamp
from cautery.lab.forged_cases import (
    back_dated,
    cut,
    edited,
    forged,
    key_in,
    leaves_of,
    rolled_back,
)
from cautery.lab.vouched_world import ORIGIN, World, made_world
from cautery.messages import say
from cautery.model import ExhibitId, digest_of
from cautery.model.ledger import append
from cautery.model.records import Failure, LogEntry, OutsideProof, kinds_of
from cautery.workflows.case import outside
from cautery.workflows.case.outside import given_in
from cautery.workflows.case.verify import Verified, verify_case
from cautery.workflows.timing.checking import check_log
from cautery.workflows.timing.closing import prove_closed, renew

ODD_CLOCK = "the offset of its clock from UTC is not known"


def verified(world: World, path: Path, **given: Any) -> Verified:
    return verify_case(
        path,
        store=world.store,
        now=world.clock.now(),
        **({"trust": world.trust} | given),
    )


def faults(result: Verified) -> list[str]:
    """The findings but that on the lab's clock, which states no offset."""
    return [finding for finding in result.findings if ODD_CLOCK not in finding]


def proofs(world: World, name: str = "case") -> list[OutsideProof]:
    ledger = world.case(name).ledger
    return [entry.content for entry in ledger.read(kinds=kinds_of(OutsideProof))]


async def test_each_record_of_a_watched_case_lies_between_two_outside_proofs(world: World) -> None:
    await world.watch(10)
    result = verified(world, await world.closed())
    assert faults(result) == []
    assert result.times[0].startswith(
        "proofs from outside: 13; of these hold: time-stamps 26, co-signatures 39"
    )
    assert result.times[1].startswith("72 of 74 records lie between two outside proofs, 72 of")
    assert "a claim of the machine's clock" in result.times[2]


async def test_without_whom_to_trust_verify_says_what_it_does_not_know(world: World) -> None:
    await world.watch(2)
    result = verified(world, await world.closed(), trust=NOBODY)
    assert "not judged, since nobody is named whom to trust" in result.times[0]


async def test_a_case_without_a_log_verifies_and_says_that_nobody_vouches(world: World) -> None:
    path = await world.closed(proven=False)
    assert "nobody" not in verified(world, path, trust=NOBODY).statement
    assert "no outside clock" in verified(world, path, trust=NOBODY).times[0]
    with pytest.raises(EvidenceError, match="no co-signer has seen this case closed"):
        verified(world, path)


async def test_one_authority_and_one_cosigner_down_leave_every_bracket(world: World) -> None:
    world.vouchers.down = lambda host, at: host in ("one.example", "c.example")
    await world.watch(10)
    why = {each.by: say(each.why) for proof in proofs(world) for each in proof.missing}
    result = verified(world, await world.closed())
    assert result.times[0].startswith(
        "proofs from outside: 13; of these hold: time-stamps 13, co-signatures 26"
    )
    assert result.times[0].endswith("missing: 24")
    assert why == {
        "one.example": "it gives no answer: one.example does not answer",
        "c.example": "it gives no answer: c.example does not answer",
    }


async def test_two_of_three_cosigners_down_are_too_many_for_the_policy(world: World) -> None:
    world.vouchers.down = lambda host, at: host in ("a.example", "c.example")
    await world.watch(2)
    with pytest.raises(EvidenceError, match="the policy asks for 2 of a"):
        verified(world, await world.closed())


async def test_all_down_is_recorded_and_ends_nothing(world: World) -> None:
    world.vouchers.down = lambda host, at: True
    await world.watch(2)
    assert [len(proof.missing) for proof in proofs(world)] == [5, 5, 5]
    result = verified(world, await world.closed(), trust=NOBODY)
    assert faults(result) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda leaves: edited(leaves, len(leaves) // 2),
        lambda leaves: edited(leaves, 2),
        lambda leaves: cut(leaves, len(leaves) - 3),
        lambda leaves: cut(leaves, len(leaves) // 3),
        lambda leaves: rolled_back(leaves, len(leaves) // 2),
        lambda leaves: back_dated(leaves, timedelta(hours=2)),
    ],
)
async def test_a_history_forged_with_the_own_key_passes_without_and_never_with_cosigners(
    world: World, tmp_path: Path, change: Any
) -> None:
    await world.watch(4)
    path = await world.closed()
    key = key_in(tmp_path / "keys", path)
    bad = forged(path, tmp_path / "forged", change, key)
    for proof in ("kept", "gone"):
        if proof == "gone":
            (bad / "manifest.proof").unlink()
        assert verified(world, bad, trust=NOBODY).verdict == "consistent"
        with pytest.raises(EvidenceError):
            verified(world, bad)
    # Nor does the log take it.
    with pytest.raises(EvidenceError):
        await prove_closed(bad, store=world.store, log=world.log)


@pytest.mark.parametrize("sort", ["unsigned", "old"])
async def test_a_leaf_that_somebody_appended_to_the_log_lets_no_fork_in(
    world: World, tmp_path: Path, sort: str
) -> None:
    """Somebody can write in the log's folder, and has not its key."""
    await world.watch(4)
    path = await world.closed()
    key = key_in(tmp_path / "keys", path)
    bad = forged(path, tmp_path / "forged", lambda leaves: cut(leaves, len(leaves) - 9), key)
    (bad / "manifest.proof").unlink()
    leaves = SqlLedger.at(tmp_path / "log/ledger.sqlite")
    if sort == "old":
        note = next(iter(leaves.read())).content.note
    else:
        root = leaf_hash(leaves_of(bad)[0][1])
        text = checkpoint_text(key[1], 1, root)
        note = f"{text}\n— {key[1]} {base64.b64encode(bytes(68)).decode()}\n"
    append(leaves, LogEntry(note=note, previous=0), at=world.clock.now())
    with pytest.raises(EvidenceError, match="records were cut off"):
        await prove_closed(bad, store=world.store, log=world.log)
    leaves.close()


async def test_a_cut_case_that_the_log_s_owner_slips_in_is_seen_with_the_leaves(
    world: World, tmp_path: Path
) -> None:
    await world.watch(4)
    path = await world.closed()
    leaves = SqlLedger.at(tmp_path / "log/ledger.sqlite", read_only=True)
    assert (
        "all 6 notes of this case in the log are roots of it"
        in verified(world, path, log=leaves).times
    )
    bad = forged(
        path,
        tmp_path / "forged",
        lambda leaves: cut(leaves, len(leaves) - 9),
        key_in(tmp_path / "keys", path),
    )
    (bad / "manifest.proof").unlink()
    world.log._read_on()
    world.log._leaves.clear()  # the owner of the log changes the program
    world.log._lines.clear()
    await prove_closed(bad, store=world.store, log=world.log)
    assert verified(world, bad).verdict == "consistent"
    with pytest.raises(EvidenceError, match="forked, cut or rolled back"):
        verified(world, bad, log=leaves)


async def test_a_case_invented_today_cannot_claim_last_week(world: World) -> None:
    """All of it is in the log and co-signed: only its times are made up."""
    case, now = world.case("invented"), world.clock.now()
    for n in range(20):
        case.ledger.append("verdict", {"n": n}, at=now - timedelta(days=7, minutes=20 - n))
    await world.timekeeper("invented").turn(world.journal("invented"))
    path = await world.closed("invented")
    assert verified(world, path, trust=NOBODY).verdict == "consistent"
    with pytest.raises(EvidenceError, match="it is back-dated, or it waited long for its proof"):
        verified(world, path)
    assert verified(world, path, within=timedelta(days=8)).verdict == "consistent"


async def test_a_record_that_claims_to_be_older_than_a_proof_before_it_is_refused(
    world: World,
) -> None:
    await world.watch(2)
    world.case().ledger.append("verdict", {}, at=world.clock.now() - timedelta(minutes=30))
    await world.watch(1)
    with pytest.raises(EvidenceError, match="it was made after"):
        verified(world, await world.closed())


async def test_two_cases_share_the_stamps_of_one_log(world: World) -> None:
    for name in ("case", "other"):
        world.case(name)
    before = len(world.vouchers.asked)
    keepers = [world.timekeeper(name) for name in ("case", "other")]
    await keepers[0].turn(world.journal("case"))
    await keepers[1].turn(world.journal("other"))
    stamps = [host for host in world.vouchers.asked[before:] if host == "one.example"]
    assert len(stamps) <= 4  # two stamps and a list of revoked certificates, which is kept
    assert proofs(world, "other")[0].index == 1
    assert verified(world, await world.closed("other")).verdict == "consistent"


async def test_beyond_the_budget_cosigners_go_on_alone(world: World) -> None:
    await world.watch(5, most=4)
    stamps = [len(proof.stamps) for proof in proofs(world)]
    assert stamps == [2, 2, 0, 0, 0, 0]
    assert say(proofs(world)[-1].missing[0].why) == "the mandate's budget of 4 time-stamps is spent"
    assert proofs(world)[-1].checkpoint.count("— ") == 4


async def test_beyond_an_hourly_budget_each_authority_is_asked_once_an_hour(world: World) -> None:
    await world.watch(3, most=2, hourly=True)
    assert [len(proof.stamps) for proof in proofs(world)] == [2, 0, 0, 0]
    assert say(proofs(world)[-1].missing[0].why).endswith("each authority is asked once an hour")
    world.clock.at += timedelta(hours=1)
    await world.watch(1, most=2, hourly=True)
    assert [len(proof.stamps) for proof in proofs(world)][4:] == [2, 0]


async def test_an_authority_whose_clock_runs_backwards_is_named_and_gives_no_time(
    world: World,
) -> None:
    await world.watch(2)
    world.vouchers.stamped_at = lambda host, at: (
        at - timedelta(minutes=30) if host == "one.example" else at
    )
    await world.watch(1)
    result = verified(world, await world.closed(), trust=Trust(roots=world.trust.roots))
    assert any("the clock of one.example ran backwards" in fault for fault in faults(result))


async def test_a_proof_that_anybody_appended_costs_itself_and_no_more(world: World) -> None:
    await world.watch(2)
    real = proofs(world)[0]
    case = world.case()
    entry = next(iter(case.ledger.read(kinds=kinds_of(OutsideProof))))
    for body in (
        {**entry.record.body, "leaf": "x"},
        {**entry.record.body, "index": 7},
        {**entry.record.body, "checkpoint": real.checkpoint[:-9] + "AAAAAAA=\n"},
        {**entry.record.body, "log": "evil.example+00000000+AAAA"},
    ):
        case.ledger.append("outside.proof", body, at=world.clock.now())
    await world.watch(1)
    result = verified(world, await world.closed())
    assert len(faults(result)) >= 3
    assert result.verdict == "consistent"


async def test_a_proof_reads_each_exhibit_once_and_no_more_than_a_proof_file_holds(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.watch(2)
    real = proofs(world)[0]
    stamp = real.stamps[0]
    read: list[str] = []

    def reads(exhibit: ExhibitId) -> bytes:
        read.append(exhibit)
        return b"a" * 1000

    often = replace(real, stamps=(replace(stamp, exhibits=(stamp.exhibit,) * MOST_STAMPS),) * 9)
    assert len(given_in(often, reads).stamps) == 9
    assert read == [stamp.exhibit]
    for stamps in (
        (replace(stamp, exhibits=(stamp.exhibit,) * 20_000),),
        (stamp,) * (MOST_STAMPS + 1),
    ):
        with pytest.raises(EvidenceError, match="more than 16"):
            given_in(replace(real, stamps=stamps), reads)
    assert read == [stamp.exhibit]
    monkeypatch.setattr(outside, "MAX_PROOF_BYTES", 1500)
    others = tuple(ExhibitId(digest_of(bytes([number]))) for number in range(9))
    with pytest.raises(EvidenceError, match="more than 1500 bytes"):
        given_in(replace(real, stamps=(replace(stamp, exhibits=others),)), reads)
    assert len(read) <= 4


async def test_a_time_stamp_that_anybody_appended_again_and_again_is_judged_once_a_proof(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.watch(2)
    real = proofs(world)[0]
    stamps = (replace(real.stamps[0], exhibits=real.stamps[0].exhibits * 5),) * 16
    case = world.case()
    for _ in range(5):
        append(case.ledger, replace(real, stamps=stamps), at=world.clock.now())
        foreign = replace(real, stamps=stamps, leaf=real.leaf[:-2])
        append(case.ledger, foreign, at=world.clock.now())
    path = await world.closed()
    judged: Counter[bytes] = Counter()

    def judging(answer: bytes, **more: Any) -> Any:
        judged[answer] += 1
        return check_stamp(answer, **more)

    monkeypatch.setattr(proof_module, "check_stamp", judging)
    assert verified(world, path).verdict == "consistent"
    assert judged[case.vault.read(real.stamps[0].exhibit)] == 1 + 5


async def test_without_whom_to_trust_no_exhibit_of_a_proof_is_read(world: World) -> None:
    await world.watch(2)
    case = world.case()

    def reads(_: ExhibitId) -> bytes:
        raise AssertionError("nobody judges it")

    proven = outside.times_proven(
        case.ledger.read(kinds=kinds_of(OutsideProof)),
        case=case.verifier, trust=NOBODY, read=reads, roots={},
    )  # fmt: skip
    assert proven.proofs


async def test_what_the_log_cannot_give_is_recorded_and_the_watch_goes_on(world: World) -> None:
    ledger = world.case().ledger
    (world.folder / "log/newest.json").write_text("rubbish\n")
    await world.timekeeper().turn(world.journal())
    [failure] = [entry.content for entry in ledger.read(kinds=kinds_of(Failure))]
    assert (failure.what, failure.where) == ("outside proof", ORIGIN)


async def test_the_published_tiles_are_those_of_the_ledger(world: World) -> None:
    await world.watch(6)
    place = world.log._shelf
    checked = check_log(place, world.log._ledger, world.log._verifier)  # type: ignore[arg-type]
    assert checked["leaves"] == checked["published"] == 8


async def test_a_log_whose_tiles_are_lost_publishes_them_again(world: World) -> None:
    await world.watch(2)
    shutil.rmtree(world.folder / "log/public/tile")
    await world.watch(2)
    check_log(world.log._shelf, world.log._ledger, world.log._verifier)  # type: ignore[arg-type]


async def test_a_closed_case_is_proven_once_and_again_when_asked(world: World) -> None:
    path = await world.closed()
    with pytest.raises(InputError, match="has its proof from outside already"):
        await prove_closed(path, store=world.store, log=world.log)
    before = (path / "manifest.proof").read_bytes()
    world.clock.at += timedelta(minutes=2)
    proven = await prove_closed(path, store=world.store, log=world.log, again=True)
    assert (path / "manifest.proof").read_bytes() == before  # the first one says more: it is older
    assert parse_proof_file(before).proof == proven.given
    assert verified(world, path).verdict == "consistent"


async def test_a_proof_stays_if_nobody_or_fewer_answer_again(world: World) -> None:
    path = await world.closed()
    before = (path / "manifest.proof").read_bytes()
    world.clock.at += timedelta(minutes=2)
    world.vouchers.down = lambda host, at: True
    with pytest.raises(SourceError, match=r"nobody vouched .* stays .*one\.example"):
        await prove_closed(path, store=world.store, log=world.log, again=True)
    world.vouchers.down = lambda host, at: host in ("two.example", "c.example")
    with pytest.raises(
        EvidenceError, match=r"co-signature of c\.example.*; time-stamp of two\.example"
    ):
        await prove_closed(path, store=world.store, log=world.log, again=True)
    assert (path / "manifest.proof").read_bytes() == before


async def test_a_proof_that_lacks_something_is_completed(world: World) -> None:
    world.vouchers.down = lambda host, at: host in ("two.example", "c.example")
    path = await world.closed()
    world.vouchers.down = lambda host, at: host == "c.example"
    world.clock.at += timedelta(minutes=2)
    proven = await prove_closed(path, store=world.store, log=world.log, again=True)
    assert [stamp.authority for stamp in proven.given.stamps] == ["one.example", "two.example"]
    assert parse_proof_file((path / "manifest.proof").read_bytes()).proof == proven.given
    assert verified(world, path).verdict == "consistent"


async def test_a_proof_of_another_log_is_not_replaced(world: World, tmp_path: Path) -> None:
    path = await world.closed()
    before = (path / "manifest.proof").read_bytes()
    other = made_world(tmp_path / "other")
    with pytest.raises(InputError, match="is of another log"):
        await prove_closed(path, store=world.store, log=other.log, again=True)
    assert (path / "manifest.proof").read_bytes() == before


async def test_a_proof_of_another_case_is_replaced_by_one_of_this(world: World) -> None:
    path, other = await world.closed(), await world.closed("other")
    shutil.copy(other / "manifest.proof", path / "manifest.proof")
    await prove_closed(path, store=world.store, log=world.log, again=True)
    assert verified(world, path).verdict == "consistent"


async def test_a_proof_of_another_case_beside_the_note_is_refused_or_ignored(world: World) -> None:
    path, other = await world.closed(), await world.closed("other")
    shutil.copy(other / "manifest.proof", path / "manifest.proof")
    assert "it is ignored" in faults(verified(world, path, trust=NOBODY))[-1]
    with pytest.raises(EvidenceError, match=r"manifest\.proof"):
        verified(world, path)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"type": "x"}', "\x00", "9" * 5000, "[" * 5000])
async def test_a_malformed_proof_file_breaks_nothing(world: World, text: str) -> None:
    path = await world.closed()
    (path / "manifest.proof").write_text(text)
    assert verified(world, path, trust=NOBODY).verdict == "consistent"
    with pytest.raises(EvidenceError, match=r"manifest\.proof"):
        verified(world, path)


@pytest.mark.parametrize(
    ("member", "value"),
    [("answer", "\u2014AAA"), ("nonce", "x1"), ("revocation", ["\u2014AAA"]), ("answer", "A")],
)
async def test_a_proof_file_with_text_in_the_place_of_bytes_breaks_nothing(
    world: World, member: str, value: object
) -> None:
    path = await world.closed()
    file = path / "manifest.proof"
    shape = json.loads(file.read_text())
    shape["proof"]["stamps"][0][member] = value
    with pytest.raises(EvidenceError, match="not proofs from outside"):
        parse_proof_file(json.dumps(shape).encode())


async def test_a_renewed_proof_holds_twelve_years_ahead(world: World) -> None:
    path = await world.closed()
    world.clock.at += timedelta(days=9 * 365)
    await renew(path, store=world.store, asking=world.asking, clock=world.clock)
    world.clock.at += timedelta(days=3 * 365)
    result = verified(world, path)
    assert result.verdict == "consistent"
    assert any(line.startswith("renewed at 2035-") for line in result.times)
    assert any("has ended; the time-stamp still holds" in line for line in result.times)


async def test_a_renewal_over_other_bytes_is_refused(world: World) -> None:
    path = await world.closed()
    await renew(path, store=world.store, asking=world.asking, clock=world.clock)
    file = path / "manifest.proof"
    shape = json.loads(file.read_text())
    shape["proof"]["missing"] = [{"by": "x", "why": {"id": "y", "values": {}}}]
    file.write_text(json.dumps(shape))
    with pytest.raises(EvidenceError, match=r"renewal 1: .*over other bytes"):
        verified(world, path)


async def test_a_proof_file_reads_back_as_it_was_written(world: World) -> None:
    path = await world.closed()
    raw = (path / "manifest.proof").read_bytes()
    assert parse_proof_file(raw).to_bytes() == raw


async def test_a_log_whose_disk_is_gone_ends_no_watch(world: World) -> None:
    await world.watch(1)
    (world.folder / "log").rename(world.folder / "elsewhere")
    (world.folder / "log").write_text("a file")
    journal, ledger = world.journal(), world.case().ledger
    await world.timekeeper().turn(journal)
    [failure] = [entry.content for entry in ledger.read(kinds=kinds_of(Failure))]
    assert (failure.what, failure.where) == ("outside proof", ORIGIN)


async def test_what_ends_the_timekeeper_early_is_recorded_at_the_end(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper, journal = world.timekeeper(), world.journal()

    async def breaks(_: object) -> None:
        raise KeyError("a mistake in the program")

    monkeypatch.setattr(keeper, "turn", breaks)
    async with keeper.beside(journal):
        await asyncio.sleep(0.05)
    [failure] = [entry.content for entry in world.case().ledger.read(kinds=kinds_of(Failure))]
    assert failure.error == "KeyError"


async def test_nothing_is_written_after_the_timekeeper_was_stopped(world: World) -> None:
    """The thread of a turn that is cancelled is waited for: then the case can be closed."""
    journal, ledger = world.journal(), world.case().ledger
    for wait_s in (0.0, 0.01, 0.05, 0.2):
        async with world.timekeeper().beside(journal):
            await asyncio.sleep(wait_s)
        size = ledger.size()
        await asyncio.sleep(0.3)
        assert ledger.size() == size
    assert verified(world, await world.closed()).verdict == "consistent"


async def test_a_leaf_that_somebody_appended_to_the_log_ends_no_keeping_of_time(
    world: World, tmp_path: Path
) -> None:
    """Half a surrogate pair, which JSON can spell and nothing can encode."""
    await world.watch(4)
    with closing(sqlite3.connect(tmp_path / "log/ledger.sqlite")) as log, log:
        (count,) = log.execute("SELECT count(*) FROM entries").fetchone()
        kind, leaf = log.execute("SELECT kind, leaf FROM entries ORDER BY idx LIMIT 1").fetchone()
        broken = bytes(leaf).replace(rb"\n\n", rb"\n\n\ud800", 1)
        assert broken != bytes(leaf)
        log.execute("INSERT INTO entries (idx, kind, leaf) VALUES (?, ?, ?)", (count, kind, broken))
    await world.watch(2)
    assert (await world.closed()).exists()
