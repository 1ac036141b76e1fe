"""A planned night as ``plan.sealed`` holds it, and how it is opened again by the planner's key."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cautery.canonical import canonical
from cautery.errors import ApprovalError, EvidenceError
from cautery.evidence.decoys import check_note, check_plan
from cautery.evidence.sealed_night import (
    RANDOM_BYTES,
    SealedNight,
    decrypted,
    encrypted,
    read_sealed,
)
from cautery.json_text import parsed_json
from cautery.model.decoys import DecoyPlan, KeeperNote, SealedPlan
from cautery.model.times import iso
from cautery.model.wire import MISSHAPEN, from_json, to_json
from cautery.workflows.decoys.programme import Programme

_TYPE = "cautery/decoy-night/1"
_NOTES_TYPE = "cautery/decoy-notes/1"
NOTES_FILE = "told.sealed"
"""The keeper's journal, beside the plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedNight:
    """All that the planner knows of a night.

    Parameters
    ----------
    plan : DecoyPlan
        The leaves, and what everybody may see of them.
    programme : Programme
        From which they were drawn.
    media_of : tuple of int
        By leaf, the number of its media in the programme.
    """

    plan: DecoyPlan
    programme: Programme
    media_of: tuple[int, ...]

    def __post_init__(self) -> None:
        count = len(self.programme.media)
        if len(self.media_of) != len(self.plan.leaves) or not all(
            0 <= number < count for number in self.media_of
        ):
            raise EvidenceError("the plan does not name the media of each decoy")

    @property
    def sealed(self) -> SealedPlan:
        """What everybody may see of the plan."""
        return self.plan.sealed


def sealed_file(night: PlannedNight, *, key: Ed25519PrivateKey, rng: Random) -> bytes:
    """Return the bytes of ``plan.sealed``."""
    secret = canonical({"type": _TYPE, **to_json(night)})
    return encrypted(secret, night.sealed, key=key, fresh=rng.randbytes(RANDOM_BYTES))


def open_night(sealed: bytes, plan: bytes, *, key: Ed25519PrivateKey) -> PlannedNight:
    """Open the two files of a night, and check that they are one.

    Raises
    ------
    EvidenceError
        If the key does not open the plan, or a file was altered or is another night's.
    """
    sealed_night: SealedNight = read_sealed(sealed)
    secret = decrypted(plan, sealed_night.sealed, key=key)
    try:
        value: Any = parsed_json(secret)
        if not isinstance(value, dict) or value.pop("type", None) != _TYPE:
            raise EvidenceError("plan.sealed: not a plan of this version")
        night = from_json(PlannedNight, value)
    except MISSHAPEN as error:
        raise EvidenceError(f"plan.sealed: not a plan of this version: {error}") from error
    if night.sealed != sealed_night.sealed:
        raise EvidenceError("plan.sealed: it is another plan than that of sealed.json")
    check_plan(night.plan)
    return night


def notes_file(
    notes: Sequence[KeeperNote], sealed: SealedPlan, *, key: Ed25519PrivateKey, fresh: bytes
) -> bytes:
    """Return the bytes of ``told.sealed``, the keeper's journal, which its key alone opens."""
    secret = canonical({"type": _NOTES_TYPE, "notes": to_json(tuple(notes))})
    return encrypted(secret, sealed, key=key, fresh=fresh)


def read_notes(raw: bytes, sealed: SealedPlan, *, key: Ed25519PrivateKey) -> tuple[KeeperNote, ...]:
    """Open the keeper's journal of a night.

    Raises
    ------
    EvidenceError
        If the key does not open it, it was altered, or a line is not signed.
    """
    damaged = EvidenceError(f"{NOTES_FILE}: not a keeper's journal of this version")
    try:
        value: Any = parsed_json(decrypted(raw, sealed, key=key))
        if not isinstance(value, dict) or value.get("type") != _NOTES_TYPE:
            raise damaged
        notes = tuple(from_json(KeeperNote, note) for note in value["notes"])
    except MISSHAPEN as error:
        raise damaged from error
    for note in notes:
        check_note(note, sealed)
    return notes


def require_over(sealed: SealedPlan, now: datetime, *, what: str) -> None:
    """Raise while a night is not over: its plan is opened to nobody.

    Raises
    ------
    ApprovalError
        If it is not over.
    """
    if now < sealed.window.end:
        raise ApprovalError(
            f"night {sealed.night} lasts until {iso(sealed.window.end)}: {what}",
            hint="To end the test now, for all to see: cautery decoy reveal NIGHT --abandon.",
        )


Stamping = Callable[[bytes], bytes]
"""Returns an authority's answer over a message."""
