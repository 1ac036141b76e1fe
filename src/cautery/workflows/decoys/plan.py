"""Plan a night: draw its decoys, seal the plan, and have the time vouched for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cautery.act import terms_digest
from cautery.act.approver_keys import approver_key
from cautery.errors import InputError
from cautery.evidence.decoys import check_planner, check_planners, root_of, signed
from cautery.evidence.sealed_night import (
    SealedNight,
    opens_with,
    stamped_text_of,
)
from cautery.model import Mandate
from cautery.model.decoys import DecoyPlan, SealedPlan
from cautery.model.signing_keys import FileKey, key_in
from cautery.model.times import iso
from cautery.workflows.decoys.draw import draw
from cautery.workflows.decoys.night import PlannedNight, Stamping, sealed_file
from cautery.workflows.decoys.programme import Programme, check_against

People = Iterator[tuple[str, frozenset[str]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class NightFiles:
    """What is written of a planned night.

    Parameters
    ----------
    night : SealedNight
        What everybody may see.
    plan : bytes
        ``plan.sealed``.
    remarks : tuple of str
        What is odd about it, in sentences.
    """

    night: SealedNight
    plan: bytes
    remarks: tuple[str, ...]


def plan_night(
    programme: Programme,
    mandate: Mandate,
    *,
    key: Ed25519PrivateKey,
    rng: Random,
    now: datetime,
    stamp: Stamping | None,
    beside: Sequence[tuple[SealedNight, bytes]] = (),
) -> NightFiles:
    """Draw and seal the decoys of a night.

    Parameters
    ----------
    key : Ed25519PrivateKey
        The planner's.
    rng : Random
        Of the system, but for tests.
    stamp : callable or None
        Asks a time-stamping authority; ``None``: nobody vouches for the time.
    beside : sequence of (SealedNight, bytes)
        Other plans of the same night, each with its ``plan.sealed``.

    Raises
    ------
    InputError
        If the programme does not fit the mandate, the night has begun, the planner decides in the
        case, or one planner could open two plans.
    SourceError
        If the authority does not answer.
    """
    public = FileKey(key.public_key().public_bytes_raw()).spelled
    _check_named(mandate, public)
    remarks = check_against(programme, mandate)
    if now >= programme.window.start:
        raise InputError(
            f"night {programme.night} has begun at {iso(programme.window.start)}: a plan must be "
            "sealed before"
        )
    drawn = draw(programme, mandate, rng)
    leaves = tuple(decoy.leaf for decoy in drawn)
    sealed = signed(
        SealedPlan(
            night=programme.night,
            root=root_of(leaves, night=programme.night),
            count=len(leaves),
            window=programme.window,
            planner=programme.planner,
            public_key=public,
            mandate=terms_digest(mandate),
            made_at=now,
        ),
        key,
    )
    check_planner(sealed, others=deciders(mandate))
    check_planners([*(night.sealed for night, _ in beside), sealed])
    for night, plan in beside:
        if opens_with(plan, night, key=key):
            raise InputError(
                f"this key opens the plan of night {night.sealed.night}, too",
                hint="Each planner must have a key that the other one does not know.",
            )
    answer = b"" if stamp is None else stamp(stamped_text_of(sealed))
    planned = PlannedNight(
        plan=DecoyPlan(sealed=sealed, leaves=leaves),
        programme=programme,
        media_of=tuple(decoy.media for decoy in drawn),
    )
    return NightFiles(
        night=SealedNight(sealed=sealed, stamp=answer),
        plan=sealed_file(planned, key=key, rng=rng),
        remarks=remarks,
    )


def _check_named(mandate: Mandate, public: str) -> None:
    # That decoys stand is among the terms: a plan for others would be another mandate's.
    if mandate.decoys is None:
        raise InputError(
            "the mandate plans no decoys: it has no [decoys]",
            hint='Add them before you plan: sealed = "NIGHT/sealed.json", keeper = "https://...", '
            "planner = your public key. The file may come later.",
        )
    if mandate.decoys.planner != public:
        raise InputError("the mandate names the key of another planner under [decoys]")


def deciders(mandate: Mandate) -> People:
    """Yield who decides under a mandate: name and marks of each approver and signer."""
    for approver in mandate.approvers:
        yield approver.name, approver_key(approver).marks
    for signature in mandate.signatures:
        yield signature.name, key_in(signature.public_key).marks
