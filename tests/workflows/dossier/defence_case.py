"""A closed case in which a watch looked at two hosts, and much speaks for who runs one of them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import FixedClock
from cautery.adapters.keys_file import KeyFolder
from cautery.adapters.person_keys import create_approver
from cautery.messages import message
from cautery.model import (
    Decision,
    ErrorRate,
    ExhibitId,
    GuardVerdict,
    KeyedPseudonyms,
    Lever,
    Observation,
    Override,
    RedactedUrl,
    Verdict,
    Witness,
)
from cautery.model.intervention import Reason as GuardReason
from cautery.model.records import (
    AssetFacts,
    ComplaintDecided,
    ComplaintFiled,
    ComplaintMeans,
    Failure,
    HostsRuled,
    OverrideGiven,
    ProbeDone,
    Ruling,
    WatchPace,
    WatchStarted,
)
from cautery.model.records.watching import WatchBegin
from cautery.model.verdict import Finding, NoMatch
from cautery.workflows.case.close import close_case
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.open import open_case
from cautery.workflows.watch.opening import begin_case

from .conftest import MANDATE, NOON, Made

NEVER_HELD = ExhibitId("sha256:" + 64 * "e")
HIS, OTHERS = "edge.pirate.example", "cdn.bystander.example"
HIS_ADDRESS, SHARED_WITH_NOBODY = "192.0.2.7", "192.0.2.99"


def witness(log10_lr: float) -> Witness:
    return Witness(
        kind="sound", reference="event:m", score=9.0, runner_up=6.0, delay_s=4.0, speed=1.0,
        coverage=0.5, probe_s=12.0, log10_lr=log10_lr, repeats_s=(16.0,),
    )  # fmt: skip


def observation(*witnesses: Witness) -> Observation:
    unmatched = {} if witnesses else {"sound": NoMatch.NONE}
    return Observation(at=NOON, witnesses=witnesses, unmatched=unmatched)


def probe(host: str, **changed: object) -> ProbeDone:
    given = {"url": f"http://{host}/a.m3u8", "at": NOON, "observation": None, "failed": None}
    return ProbeDone(**{**given, **changed})


def guard(target: str, decision: Decision) -> GuardVerdict:
    return GuardVerdict(
        target=target, lever=Lever.NAME, decision=decision,
        narrow_to=(f"http://{target}/a.m3u8",) if decision is Decision.NARROW else (),
        reasons=(
            GuardReason(code="shared-range", text=message("guard.unbounded"), fact="ranges",
                        fact_date=NOON.date()),
        ),
        valid_until=NOON + timedelta(hours=1),
    )  # fmt: skip


def defence_case(folder: Path) -> Made:
    """Make the case and close it."""
    store = FolderStore(KeyFolder(folder / "keys"))
    case = open_case(folder / "case", store=store, clock=FixedClock(NOON))
    journal = Journal(case.ledger, case.vault, case.clock, pseudonyms=KeyedPseudonyms(b"k" * 32))
    begin_case(MANDATE, ledger=case.ledger, journal=journal, key=str(case.verifier))
    write = journal.write
    write(WatchStarted(at=NOON, why=WatchBegin.WINDOW_OPEN))
    write(ErrorRate(what="a rate", errors=1, trials=1234, source="bench"))
    for host, address in ((HIS, HIS_ADDRESS), (OTHERS, SHARED_WITH_NOBODY)):
        write(
            AssetFacts(
                host=host, addresses=(address,), asn=64500, country="NL",
                organisation="Example Hosting", shared=(), certificate=None, registration=None,
                at=NOON,
            )
        )  # fmt: skip
        failed = message("failed.too-slow", step=message("look-step.fetching"))
        write(probe(host, failed=failed))
        write(probe(host, observation=observation()))
        write(probe(host, observation=observation(witness(1.0))))
        write(guard(host, Decision.REFUSE))
        write(Failure(what="a look", where=f"http://{host}/", error="SourceError", message="x"))
    write(guard(HIS_ADDRESS, Decision.NARROW))
    write(guard(SHARED_WITH_NOBODY, Decision.ALLOW))
    write(Failure(what="the calendar", where="", error="SourceError", message="no answer"))
    sealed = journal.seal(b"clear media", what="segment", media_type="video/mp2t", at=NOON)
    kept = journal.seal(b"a still of others", what="still", media_type="image/png", at=NOON)
    write(probe(HIS, observation=observation(witness(5.0)), exhibits=(sealed,)))
    write(probe(OTHERS, observation=observation(), exhibits=(kept,)))
    write(
        Verdict(
            url=RedactedUrl(f"http://{HIS}/a.m3u8"), finding=Finding.UNDECIDED, at=NOON,
            channels=("fr",), log10_lr=1.0, observations=(observation(witness(1.0)),), recipe="r1",
        )
    )  # fmt: skip
    override = Override(
        target=HIS, by=("A. One", "B. Two"), reason="only pirates there", at=NOON,
        until=NOON + timedelta(hours=2),
    )  # fmt: skip
    write(OverrideGiven(override=override, approvals=()))
    write(HostsRuled(host=HIS, other=OTHERS, ruling=Ruling.NOT_SAME, by="A. One", why="checked",
                     at=NOON))  # fmt: skip
    for number, target in (("c1", HIS), ("c2", OTHERS)):
        complaint = journal.seal(
            b"complaint " + number.encode(), what="complaint", media_type="text/plain", at=NOON,
            confidential=True,
        )  # fmt: skip
        write(
            ComplaintFiled(
                at=NOON, complaint=number, means=ComplaintMeans.MAIL, received_at=NOON,
                target=target, key="k", exhibit=complaint,
            )
        )  # fmt: skip
        write(
            ComplaintDecided(
                at=NOON, complaint=number, granted=True, by="A. One", why=f"granted {number}"
            )
        )
    write(
        WatchPace(
            at=NOON, offered=40, unseen=17, unseen_by_right={"event": 17}, late=True,
            references_late_s=None, references_silent=(), probes_late_s=93.0, loop_late_s=0.1,
            why=None,
        )
    )  # fmt: skip
    # Somebody appended a record of an exhibit that nobody ever sealed.
    write(probe(HIS, observation=observation(witness(1.0)), exhibits=(NEVER_HELD,)))
    close_case(case, at=NOON + timedelta(minutes=1))
    case.leave()
    key = folder / "legal.pem"
    create_approver(key)
    return Made(folder / "case", store, None, key)  # type: ignore[arg-type]
