"""At its opening a watch checks the sealed plan of its decoys, and records that there is one.

So everybody who has the case can see that there are decoys, and when they were fixed; nobody can
see which streams they are.
"""

from __future__ import annotations

from datetime import datetime

from cautery.act import terms_digest
from cautery.errors import EvidenceError, InputError
from cautery.evidence.decoys import check_planner, key_id_of
from cautery.evidence.outside.proof import NOBODY, Trust
from cautery.evidence.sealed_night import (
    SealedNight,
    check_belongs,
    check_stamped_before,
    read_sealed,
)
from cautery.model import Mandate
from cautery.model.ports import Ledger
from cautery.model.records import DecoysPlanned
from cautery.model.times import iso
from cautery.projections.decoys import Decoys
from cautery.workflows.case.journal import Journal
from cautery.workflows.decoys.plan import deciders


def checked_night(mandate: Mandate, raw: bytes | None, *, ledger: Ledger) -> SealedNight | None:
    """Return the sealed plan of a mandate's decoys; ``None``: it plans none.

    Parameters
    ----------
    raw : bytes or None
        The file that the mandate names; ``None``: it is not there.

    Raises
    ------
    InputError
        If it is not there, is of another mandate or night, its planner decides in the case or is
        not the one that the mandate names, or the case was begun with another plan.
    EvidenceError
        If it is damaged, or not signed.
    """
    policy = mandate.decoys
    if policy is None:
        return None
    if raw is None:
        raise InputError(
            "the mandate plans decoys, but its sealed plan is not there",
            hint="The planner writes it: cautery decoy plan PROGRAMME.toml --mandate MANDATE.toml "
            "--key PLANNER.pem -o NIGHT",
        )
    night = read_sealed(raw)
    sealed = night.sealed
    check_belongs(night, terms=terms_digest(mandate))
    if policy.planner != sealed.public_key:
        raise InputError(
            f"the plan of night {sealed.night} is sealed by another key than the planner's whom "
            "the mandate names"
        )
    check_planner(sealed, others=deciders(mandate))
    if sealed.made_at >= sealed.window.start:
        raise InputError(f"the plan of night {sealed.night} was made after the night had begun")
    if not (mandate.window.start < sealed.window.end and sealed.window.start < mandate.window.end):
        raise InputError(
            f"night {sealed.night} ({iso(sealed.window.start)} to {iso(sealed.window.end)}) lies "
            "outside of the window of the mandate"
        )
    begun = Decoys().read_on(ledger).sealed
    if begun is not None and begun != sealed:
        raise InputError(
            f"this case was begun with another plan of night {begun.night}",
            hint="Continue with the sealed plan as it was when the case began.",
        )
    return night


def record_planned(
    night: SealedNight, *, ledger: Ledger, journal: Journal, trust: Trust = NOBODY
) -> None:
    """Seal the plan's file and record that decoys are planned, once.

    Parameters
    ----------
    trust : Trust
        Whom the organisation believes about times.

    Raises
    ------
    EvidenceError
        If its time-stamp does not hold, or is from after the beginning of the night.
    """
    if Decoys().read_on(ledger).planned is not None:
        return
    stamp = stamp_of(night, trust)
    now = journal.now()
    exhibit = journal.seal(night.file(), what="sealed plan", media_type="application/json", at=now)
    journal.write(
        DecoysPlanned(
            sealed=night.sealed,
            exhibit=exhibit,
            key=key_id_of(night.sealed),
            stamped_at=None if stamp is None else stamp[0],
            stamped_by="" if stamp is None else stamp[1],
            at=now,
        )
    )
    if Decoys().read_on(ledger).planned is None:
        raise EvidenceError(
            f"the plan of night {night.sealed.night} was recorded in another form than it has"
        )


def stamp_of(night: SealedNight, trust: Trust) -> tuple[datetime, str] | None:
    """Return until when a plan was sealed at the latest, and who says so; ``None``: nobody does.

    A time-stamp of an authority whom nobody here trusts says nothing.

    Raises
    ------
    EvidenceError
        If it does not hold, or is from after the beginning of the night.
    """
    if not trust.roots:
        return None
    stamp = check_stamped_before(night, roots=trust.roots, policies=tuple(trust.stamp_policies))
    return None if stamp is None else (stamp.not_after, stamp.signer)
