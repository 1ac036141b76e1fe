"""Proofs from outside: forged histories, brackets of a match, and a log of a million leaves.

Run: python bench/case/outside.py [forged N | match | film | tiles | all]

Clocks are simulated; the authorities are OpenSSL's, the co-signers ours, the cases real ones.
"""

from __future__ import annotations

import asyncio
import random
import resource
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

from cautery.adapters._cosigner_secrets import CosignerSecrets
from cautery.adapters._log_secrets import LogSecrets
from cautery.adapters.keys_file import CaseSigner, Secrets
from cautery.adapters.ledger_sql import SqlLedger
from cautery.adapters.log_folder import LogFolder
from cautery.errors import EvidenceError
from cautery.evidence.merkle import Frontier, leaf_hash
from cautery.evidence.note import NoteVerifier
from cautery.evidence.outside.brackets import brackets
from cautery.evidence.outside.policy import parse_policy
from cautery.evidence.outside.proof import NOBODY
from cautery.evidence.outside.proof_file import parse_proof_file
from cautery.evidence.outside.tiles import Tiles, Tiling
from cautery.lab.forged_cases import (
    Leaves,
    back_dated,
    cut,
    edited,
    forged,
    key_in,
    rolled_back,
)
from cautery.lab.vouched_world import KICK_OFF, World, made_world
from cautery.lab.vouchers import Vouchers, lab_cosigners, lab_policy
from cautery.model.records import OutsideProof, kinds_of
from cautery.workflows.case.outside import sizes_of_proofs, times_proven
from cautery.workflows.case.times_proven import NARROW_S
from cautery.workflows.case.verify import verify_case
from cautery.workflows.timing.asking import WITHIN_S, Asking
from cautery.workflows.timing.closing import prove_closed
from cautery.workflows.timing.keeping import EVERY_S
from cautery.workflows.timing.log import OrganisationLog

MINUTES = 90
A_RECORD_S = {"match": 2.0, "film": 20.0}


def main(what: str, count: int) -> None:
    """Measure what is asked for."""
    with tempfile.TemporaryDirectory(prefix="cautery-outside-") as folder:
        place = Path(folder)
        if what in ("tiles", "all"):
            tiles(place / "tiles")
        for kind in ("match", "film"):
            if what in (kind, "all"):
                asyncio.run(watched(place / kind, kind))
        if what in ("forged", "all"):
            asyncio.run(forgeries(place / "forged", count))


def tiles(folder: Path, count: int = 1_000_000) -> None:
    """Publish a log of a million leaves from its bytes, and prove one of them from the tiles."""
    place = LogFolder(folder)
    place.begin('origin = "league.example"\n', "key")
    leaves = [f'{{"n":{n:07d}}}'.encode() + bytes(690) for n in range(count)]  # as a real leaf
    begun = time.perf_counter()
    tiling = Tiling()
    for path, tile in tiling.extend(map(leaf_hash, leaves)):
        place.publish(path, tile)
    for path, tile in tiling.partials():
        place.publish(path, tile)
    took_s = time.perf_counter() - begun
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    read = Tiles(count, place.read)
    assert read.root() == Frontier().extend(map(leaf_hash, leaves)).root()
    begun = time.perf_counter()
    read.inclusion(count // 3)
    print(
        f"tiles: {count} leaves, {took_s:.2f} s, {size / 1e6:.1f} MB on disk; an inclusion proof "
        f"from files takes {1e3 * (time.perf_counter() - begun):.1f} ms"
    )


async def watched(folder: Path, kind: str) -> None:
    """Watch ninety minutes: an authority is down for thirty, one of three co-signers always."""
    world = made_world(folder)

    def down(host: str, at: datetime) -> bool:
        minute = (at - KICK_OFF).total_seconds() / 60
        return host == "c.example" or (host == "one.example" and 30 <= minute < 60)

    world.vouchers.down = down
    world.vouchers.patience_s = WITHIN_S
    case, keeper, journal = world.case(), world.timekeeper(), world.journal()
    end, every_s = world.clock.now() + timedelta(minutes=MINUTES), A_RECORD_S[kind]
    turns, cpu_s, next_turn, next_record = 0, 0.0, world.clock.now(), world.clock.now()
    while world.clock.now() < end:
        if world.clock.now() >= next_turn:
            next_turn = world.clock.now() + timedelta(seconds=EVERY_S)
            before = time.process_time()
            await keeper.turn(journal)
            cpu_s += time.process_time() - before
            turns += 1
        while next_record <= world.clock.now():
            case.ledger.append("verdict", {"n": 1}, at=next_record)
            next_record += timedelta(seconds=every_s)
        world.clock.at = max(world.clock.at, min(next_turn, next_record))
    entries = list(case.ledger.read(kinds=kinds_of(OutsideProof)))
    size = case.ledger.size()
    path = await world.closed()
    begun = time.perf_counter()
    verified = verify_case(path, store=world.store, trust=world.trust, now=world.clock.now())
    verify_s = time.perf_counter() - begun
    print(f"{kind}: {'; '.join(verified.times)}")
    widths, total, why = _widths(world, path)
    narrow = sum(width is not None and width <= NARROW_S for width in widths)
    agreed = _minutes(world, entries)
    print(
        f"{kind}: {size} records in the watch, {total} with the close: {narrow} of {total} "
        f"({100 * narrow / total:.2f} %) have a bracket <= {NARROW_S:g} s, widest "
        f"{max(width for width in widths if width is not None):.0f} s; the others: {dict(why)}"
    )
    print(
        f"{kind}: {agreed} of {MINUTES} minutes ({100 * agreed / MINUTES:.2f} %) have >= 2 of 3 "
        f"co-signatures; {turns} turns of {1e3 * cpu_s / turns:.0f} ms CPU each, "
        f"{100 * cpu_s / turns / 50:.2f} % of one core; verify takes {verify_s:.1f} s"
    )


def _widths(world: World, path: Path) -> tuple[list[float | None], int, Counter[str]]:
    ledger = world.store.ledger(path, read_only=True)
    case = world.case().verifier
    frontier, roots = Frontier(), {}
    sizes = sizes_of_proofs(ledger, case) | {ledger.size()}
    for entry in ledger.read():
        frontier = frontier.append(leaf_hash(entry.leaf))
        if frontier.size in sizes:
            roots[frontier.size] = frontier.root()
    vault = world.store.vault(path, None)
    proven = times_proven(
        ledger.read(kinds=kinds_of(OutsideProof)),
        case=case,
        trust=world.trust,
        read=vault.read,
        roots=roots,
        closing=parse_proof_file((path / "manifest.proof").read_bytes()).proof,
    )
    known = brackets(ledger.size(), proven.moments)
    why: Counter[str] = Counter()
    for bracket in known:
        if bracket.not_before is None:
            why["before the first proof"] += 1
        elif bracket.width_s is None or bracket.width_s > NARROW_S:
            why["wider"] += 1
    ledger.close()
    return [bracket.width_s for bracket in known], len(known), why


def _minutes(world: World, entries: list) -> int:
    """Return the minutes in which a proof with enough co-signers was made."""
    log_minutes = set()
    for entry in entries:
        proof = entry.content
        cosigned = world.policy.open(proof.checkpoint, NoteVerifier.parse(proof.log))
        if world.policy.enough(cosigned.times.keys()):
            at = world.policy.not_after(cosigned.times)
            log_minutes.add(int((at - KICK_OFF).total_seconds() // 60))
    return len(log_minutes & set(range(MINUTES)))


async def forgeries(folder: Path, count: int) -> None:
    """Forge histories with the case's own key, and ask verify --cosigners about each."""
    rng = random.Random(20)
    accepted: Counter[str] = Counter()
    tried: Counter[str] = Counter()
    plain = 0
    bases: list[tuple[World, Path]] = []
    for number in range(4):
        world = made_world(folder / f"w{number}")
        await world.watch(rng.choice((3, 4, 6)))
        bases.append((world, await world.closed()))
        result = verify_case(bases[-1][1], store=world.store, trust=world.trust)
        assert result.verdict == "consistent"
    for number in range(count):
        world, path = bases[number % len(bases)]
        how, proof = rng.choice(HOWS), rng.choice(PROOFS)
        target = folder / "bad"
        if how == "invented":
            bad = await invented(world, f"invented{number}", rng)
            proof = "real"
        else:
            key = key_in(world.folder / "keys", path)
            bad = forged(path, target, changes(how, rng), key)
            other = bases[(number + 1) % len(bases)][1]
            await _with_proof(proof, world, bad, evil=folder / "evil", other=other)
        tried[f"{how}, proof {proof}"] += 1
        plain += _accepted(world, bad, trust=False)
        accepted[f"{how}, proof {proof}"] += _accepted(world, bad, trust=True)
        shutil.rmtree(bad)
        shutil.rmtree(folder / "evil", ignore_errors=True)
    for kind, times in sorted(tried.items()):
        print(f"forged: {kind}: {accepted[kind]} of {times} accepted")
    print(
        f"forged: {sum(accepted.values())} of {count} accepted by verify --cosigners (at most "
        f"{3 / count:.3%} by the rule of three); {plain} of {count} pass without --cosigners"
    )


HOWS = ("edited", "cut", "rolled back", "back-dated", "invented")
PROOFS = ("kept", "none", "of another case", "refused by the log", "by a log of the forger's own")


def changes(how: str, rng: random.Random) -> Callable[[Leaves], Leaves]:
    """Return a way to forge records."""
    if how == "edited":
        return lambda leaves: edited(leaves, rng.randrange(len(leaves) - 1))
    if how == "cut":
        return lambda leaves: cut(leaves, rng.randrange(1, len(leaves) - 1))
    if how == "rolled back":
        return lambda leaves: rolled_back(leaves, rng.randrange(1, len(leaves) - 2))
    return lambda leaves: back_dated(leaves, timedelta(minutes=rng.uniform(1, 500_000)))


async def invented(world: World, name: str, rng: random.Random) -> Path:
    """Make a case today of records that claim an earlier day; all proofs of it are real."""
    case, now = world.case(name), world.clock.now()
    back = timedelta(hours=rng.uniform(1.1, 9000))
    for n in range(rng.randrange(5, 40)):
        case.ledger.append("verdict", {"n": n}, at=now - back + timedelta(seconds=n))
    await world.timekeeper(name).turn(world.journal(name))
    await world.clock.sleep(50)
    return await world.closed(name)


async def _with_proof(how: str, world: World, bad: Path, *, evil: Path, other: Path) -> None:
    file = bad / "manifest.proof"
    if how == "kept":
        return
    file.unlink()
    if how == "of another case":
        shutil.copy(other / "manifest.proof", file)
    elif how == "refused by the log":
        try:
            await prove_closed(bad, store=world.store, log=world.log)
        except EvidenceError:
            return
        raise AssertionError("the log took a forged case")
    elif how == "by a log of the forger's own":
        await prove_closed(bad, store=world.store, log=_own_log(world, evil))


def _own_log(world: World, folder: Path) -> OrganisationLog:
    """Return a log of the same name with another key, and co-signers of the forger's own."""
    folder.mkdir()
    secrets = LogSecrets(folder / "keys", "league.example", new=True)
    cosigners: dict[str, CosignerSecrets] = lab_cosigners(
        folder / "cosigners", ("a.example", "b.example", "c.example")
    )
    for cosigner in cosigners.values():
        cosigner.trust(secrets.key)
    policy = parse_policy(lab_policy(cosigners, threshold=2).encode())
    place = LogFolder(folder / "log")
    place.begin('origin = "league.example"\n', secrets.key)
    vouchers = Vouchers(world.clock, world.authorities, cosigners)
    settings = replace(world.settings, cosigners=policy)
    return OrganisationLog(
        SqlLedger.at(place.ledger),
        CaseSigner(cast("Secrets", secrets)),
        place,
        Asking(settings, own=vouchers, signed=vouchers, now=world.clock.now),
        clock=world.clock,
        sleep=world.clock.sleep,
    )


def _accepted(world: World, bad: Path, *, trust: bool) -> bool:
    try:
        verify_case(
            bad,
            store=world.store,
            trust=world.trust if trust else NOBODY,
            now=world.clock.now(),
        )
    except EvidenceError:
        return False
    return True


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (8_000_000_000, 8_000_000_000))
    words = [*sys.argv[1:], "all"]
    main(words[0], int(words[1]) if len(words) > 1 and words[1].isdigit() else 1000)
