"""A process that writes a case as a watch does, says what is on disk, and is stopped at any moment.

What it does passes through a watch's own journal: records from several threads, exhibits in the
open and confidential, checkpoints, and in the end the close. A line is written to its standard
output only after what it tells of must survive. :func:`check` then opens what is left, as the next
watch would, and names what is missing.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import sys
import threading
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cautery.errors import CauteryError
from cautery.evidence.manifest import NOTE
from cautery.model import ClockOffset, Entry, ExhibitId
from cautery.model.records import UnknownRecord
from cautery.wiring import cases
from cautery.workflows.case.close import close_case
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.manifest import finish_cut_closing
from cautery.workflows.case.open import Case
from cautery.workflows.case.verify import verify_case


class JumpingClock:
    """A clock that somebody sets back and forth by hours while it is read."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._ahead_s = 0.0

    def now(self) -> datetime:
        """Return a time that may be before the last one."""
        if self._random.random() < 0.2:
            self._ahead_s = self._random.uniform(-86_400, 86_400)
        return datetime.now(UTC) + timedelta(seconds=self._ahead_s)

    def offset(self) -> ClockOffset:
        """Return that nobody knows."""
        return ClockOffset(seconds=None, uncertainty_s=None, method="jumps")


class LostError(AssertionError):
    """Something that was acknowledged is gone, or what is left does not open, close or verify."""


def say(**what: object) -> None:
    """Tell of what is on disk, in one write."""
    os.write(1, f"{json.dumps(what)}\n".encode())


def write(
    case: Case, *, seed: int, turns: int, threads: int, journal: Journal | None = None
) -> None:
    """Write records and exhibits, so many turns in each thread."""
    journal = journal or journal_of(case)

    def work(name: int) -> None:
        rng = random.Random(f"{seed}-{name}")
        for turn in range(turns):
            kind = rng.randrange(10)
            if kind < 4:
                exhibit = journal.seal(
                    rng.randbytes(rng.randrange(1, 20_000)),
                    what="segment",
                    media_type="video/mp2t",
                    at=journal.now(),
                    url=f"http://host-{rng.randrange(3)}.example/{turn}.ts",
                    confidential=kind < 2,
                )
                say(exhibit=exhibit)
            elif kind == 4:
                size = case.ledger.checkpoint(case.signer, at=journal.now()).size
                say(checkpoint=size)
            else:
                text = "x" * rng.randrange(900)
                body = {"writer": name, "turn": turn, "text": text}
                journal.write(UnknownRecord(kind="note", body=body))

    working = [threading.Thread(target=work, args=(name,)) for name in range(1, threads)]
    for thread in working:
        thread.start()
    work(0)
    for thread in working:
        thread.join()


def journal_of(case: Case) -> Journal:
    """Return a journal that tells of each record once it is on disk."""

    def heard(entry: Entry) -> None:
        say(record=entry.index, sha256=hashlib.sha256(entry.leaf).hexdigest())

    return Journal(
        case.ledger, case.vault, case.clock, pseudonyms=case.pseudonyms, listeners=(heard,)
    )


def write_to_the_end(top: Path, *, seed: int, turns: int, threads: int) -> None:
    """Open or resume the case below ``top``, write, and close it, telling of each step.

    Where one was killed after it signed the manifest, only its last write is left to do.
    """
    if finish_cut_closing(top / "case", store=cases.store(top / "keys")):
        return
    with cases.writing(top / "case", keys_dir=top / "keys") as case:
        say(opened=case.id)
        write(case, seed=seed, turns=turns, threads=threads)
        case.make_room()
        close_case(case, at=case.clock.now())
        say(closed=case.id)


def told(lines: Iterable[bytes]) -> list[dict[str, object]]:
    """Return what a writer said in whole lines."""
    return [json.loads(line) for line in lines if line.endswith(b"\n")]


def check(top: Path, said: list[dict[str, object]], *, close: bool = True) -> None:
    """Open what is left, look for all that was told of, close it, and verify it.

    Raises
    ------
    LostError
        If anything is missing or does not go on.
    """
    path = top / "case"
    closed = (path / NOTE).exists()
    if any("closed" in one for one in said) and not closed:
        raise LostError("it said that the case is closed, and it is not")
    try:
        if closed or finish_cut_closing(path, store=cases.store(top / "keys")):
            with cases.reading(path) as case:
                _compare(case, said, keys=False)
        elif not any("opened" in one for one in said) and not path.exists():
            return
        else:
            with cases.writing(path, keys_dir=top / "keys") as case:
                _compare(case, said, keys=True)
                case.ledger.append("case.resumed", {}, at=case.clock.now())
                if not close:
                    return
                close_case(case, at=case.clock.now())
        verify_case(path, store=cases.reading_store())
    except CauteryError as error:
        raise LostError(f"{type(error).__name__}: {error}") from error


def _compare(case: Case, said: list[dict[str, object]], *, keys: bool) -> None:
    leaves = {
        entry.index: (hashlib.sha256(entry.leaf).hexdigest(), entry) for entry in case.ledger.read()
    }
    sealed = {
        entry.record.body["exhibit"]["id"]: entry.record.body["exhibit"]
        for _, entry in leaves.values()
        if entry.record.kind == "exhibit.sealed"
    }
    longest = max((int(note.split("\n")[1]) for note in case.ledger.checkpoints()), default=0)
    for one in said:
        if "record" in one and leaves.get(one["record"], ("",))[0] != one["sha256"]:  # type: ignore[call-overload]
            raise LostError(f"record {one['record']} of {len(leaves)} is lost or another")
        if "exhibit" in one and one["exhibit"] not in sealed:
            raise LostError(f"exhibit {one['exhibit']} is in no record")
        if int(str(one.get("checkpoint", 0))) > longest:  # a longer one may stand for it
            raise LostError(f"the checkpoint of {one['checkpoint']} records is lost")
    for name, body in sealed.items():
        if len(case.vault.read(ExhibitId(name))) != body["size"]:
            raise LostError(f"exhibit {name} has another size")
        if keys and body["confidential"]:
            case.vault.open(ExhibitId(name), subject=body["subject"])


def main() -> None:
    """Write a case to its end: TOP SEED TURNS THREADS."""
    write_to_the_end(
        Path(sys.argv[1]),
        seed=int(sys.argv[2]),
        turns=int(sys.argv[3]),
        threads=int(sys.argv[4]),
    )


if __name__ == "__main__":
    main()
