"""Cases that are ended, or taken back, by a person."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cautery import wiring
from cautery.adapters.person_keys import load_approver
from cautery.errors import CauteryError
from cautery.evidence.case_names import no_case
from cautery.evidence.manifest import LEDGER
from cautery.evidence.outside.proof import NOBODY
from cautery.evidence.ports import CaseLedger
from cautery.model import Digest
from cautery.model.records import OutsideProof, kinds_of
from cautery.model.signing_request import RequestKind
from cautery.projections.decoys import Decoys
from cautery.wiring.cases import reading_store, store, writing
from cautery.wiring.requests import asked_in_room
from cautery.wiring.timing import own_trust, prove_closed
from cautery.workflows.case.manifest import finish_cut_closing
from cautery.workflows.case.open import open_case, refuse_closed
from cautery.workflows.case.restore import Restored, restore_case
from cautery.workflows.people.requests import Written
from cautery.workflows.timing.log import Proven
from cautery.workflows.watch.finishing import (
    REPORT,
    Finished,
    finish_case,
    finish_killed_watch,
    has_stopped,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """A case that was closed.

    Parameters
    ----------
    report : Path
        Where its report lies.
    proof : Proven, CauteryError or None
        What vouches for the closing, or why nothing does; ``None``: nobody was asked.
    has_log : bool
        Records of the case stand in a log.
    unrevealed : int
        Decoys of the case that were never revealed.
    """

    report: Path
    proof: Proven | CauteryError | None
    has_log: bool
    unrevealed: int = 0


def close(case_path: Path, *, keys_dir: Path | None = None, log: Path | None = None) -> Closed:
    """Close the case of a watch that no longer runs, and have the closing seen.

    Parameters
    ----------
    log : Path or None
        Folder of the log of the case; ``None``: nobody is asked.

    Raises
    ------
    CauteryError
        As the workflow says, or if the log's settings cannot be used. That nobody vouches is no
        error: the case is whole.
    """
    refuse_closed(case_path, reading_store())
    if not reading_store().exists(case_path, LEDGER):
        raise no_case(case_path)
    trust = NOBODY if log is None else own_trust(log)
    if not finish_cut_closing(case_path, store=store(keys_dir)):
        with writing(case_path, keys_dir=keys_dir) as case:
            finish_killed_watch(case, trust=trust)
    ledger = reading_store().ledger(case_path, read_only=True)
    try:
        has_log = _has_log(ledger)
        unrevealed = Decoys().read_on(ledger).unopened
    finally:
        ledger.close()
    proof: Proven | CauteryError | None = None
    if log is not None:
        try:
            proof = asyncio.run(prove_closed(case_path, log, keys_dir=keys_dir))
        except CauteryError as error:  # the case is whole; `cautery log prove` asks again
            proof = error
    return Closed(report=case_path / REPORT, proof=proof, has_log=has_log, unrevealed=unrevealed)


def finish_revealed(
    case_path: Path, *, keys_dir: Path | None = None, log: Path | None = None
) -> Finished | None:
    """Finish the case of a watch that ended, when its decoys are revealed; ``None``: it runs still.

    A watch that runs finishes its case by itself.

    Parameters
    ----------
    log : Path or None
        Folder of the log of the case; ``None``: nobody is asked to vouch for the closing.

    Raises
    ------
    CauteryError
        As the workflow says.
    """
    case = open_case(case_path, store=store(keys_dir), clock=wiring.clock())
    finished = None
    try:
        if not case.store.shares(case.path) and has_stopped(case.ledger):
            trust = NOBODY if log is None else own_trust(log)
            finished = finish_case(case, close=None, trust=trust)
    finally:
        if finished is None or not finished.closed:
            case.leave()
    if finished is not None and finished.closed and log is not None:
        asyncio.run(prove_closed(case_path, log, keys_dir=keys_dir))
    return finished


def _has_log(ledger: CaseLedger) -> bool:
    return next(iter(ledger.read(kinds=kinds_of(OutsideProof))), None) is not None


def restore(
    case_path: Path,
    *,
    why: str,
    people: Sequence[tuple[str, Path | None]],
    room_people: Path,
    keys_dir: Path | None = None,
) -> Restored:
    """Go on with an older copy of a case, by the keys of two people.

    Parameters
    ----------
    people : sequence of (str, Path or None)
        Their names and key files; ``None``: a passkey, which the room asks.
    room_people : Path
        Folder of the people of that room.

    Raises
    ------
    CauteryError
        As the workflow says.
    """
    signing = [(name, None if key is None else load_approver(key)) for name, key in people]
    with asked_in_room(room_people) as asked:

        def ask(
            about: Digest, passkeys: Mapping[str, str], write: Callable[[], str]
        ) -> tuple[str, Mapping[str, str]]:
            requests = asked(RequestKind.RESTORATION, about, passkeys, lambda: Written(write()))
            asked.require_answers()
            return requests[0].text, {request.person: request.answer for request in requests}

        return restore_case(
            case_path, store=store(keys_dir), clock=wiring.clock(), why=why, people=signing, ask=ask
        )
