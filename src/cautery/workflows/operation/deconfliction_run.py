"""A run of deconfliction as a case keeps it: its letters sealed, its secrets under their own key.

What belongs to one step is recorded at once or not at all, so that a run goes on wherever it was
cut short; a letter that was answered gets the same answer again.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cautery.errors import InputError
from cautery.evidence.note import NoteVerifier
from cautery.model import Agency, ExhibitId, digest_of, iso, to_json
from cautery.operation.deconflict import FORMAT, POINT_BYTES, MaskedSet, check_points
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.letter import MEDIA_TYPE, open_letter, write_letter
from cautery.workflows.operation.partners import LETTER, check_key

RESULT = "operation.deconflicted"

NONCE_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Deconflicted:
    """What a run has told: the targets that both have, and whom to call about them."""

    session: str
    partner: Agency
    shared: tuple[str, ...]
    reply: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """What this desk has kept of a run that goes on: the agreed size, its own masked set."""

    size: int
    run: MaskedSet


def partner_of(desk: Desk, name: str) -> Agency:
    """Return another agency at the table that has targets of its own."""
    partner = desk.operation.agency(name)
    if partner.id == desk.agency.id:
        raise InputError(f"{name}: an agency has no conflict with itself")
    if not any(power.value != "advise" for power in partner.competence):
        raise InputError(f"{name}: those who only advise have no targets to deconflict")
    return partner


def sender_of(desk: Desk, raw: bytes, key: NoteVerifier) -> Agency:
    """Return who wrote a letter, its signature checked: with whom targets would be compared."""
    return partner_of(desk, str(open_letter(raw, key).get("from"))[:80])


def written(desk: Desk, other: Agency, **members: Any) -> bytes:
    """Write a letter to the other agency, signed."""
    return write_letter(
        {
            "format": FORMAT,
            "operation": desk.operation.id,
            "from": desk.agency.id,
            "to": other.id,
            **members,
        },
        desk.sign,
    )


def opened(
    desk: Desk, raw: bytes, key: NoteVerifier, *, step: int, members: set[str]
) -> tuple[dict[str, Any], Agency]:
    """Check who wrote the letter to whom, and which step it is."""
    payload = open_letter(raw, key)
    fields = {"format", "operation", "from", "to", "step", "session"} | members
    if payload.get("format") != FORMAT or payload.get("step") != step:
        raise InputError(
            f"not the letter of step {step} of a deconfliction",
            hint="Steps: begin, answer, open, conclude, finish.",
        )
    if set(payload) != fields or not isinstance(payload["session"], str):
        raise InputError(f"the letter of step {step} has other members than it should")
    if payload["operation"] != desk.operation.id or payload["to"] != desk.agency.id:
        raise InputError("a letter of another operation, or for another agency")
    partner = partner_of(desk, str(payload["from"])[:80])
    check_key(desk, partner.id, key)
    return payload, partner


def state_of(desk: Desk, payload: dict[str, Any], other: Agency, *, previous: int) -> Begun:
    """Find the run that a letter goes on with, and the secrets of our side of it."""
    session = payload["session"]
    letters = [body for body in desk.bodies(LETTER) if body["session"] == session]
    sent_letters = [letter for letter in letters if letter["step"] == previous and letter["sent"]]
    if not sent_letters or sent_letters[0]["with"] != other.id:
        raise InputError("a letter of a run that this desk has not begun or answered")
    # Two at one desk may have answered at once: the other side goes on with one of the answers.
    own_letter = next(
        (letter for letter in sent_letters if letter["digest"] == payload["previous"]), None
    )
    if own_letter is None:
        raise InputError("the letter answers another letter than the one that was sent")
    secret = own_letter["run"] or next(
        letter["run"] for letter in letters if letter["run"] is not None
    )
    clear = desk.case.vault.open(ExhibitId(secret["exhibit"]), subject=subject_of(session))
    run_secrets = json.loads(clear)
    return Begun(
        size=int(own_letter["size"]),
        run=MaskedSet(
            scalar=bytes.fromhex(run_secrets["scalar"]),
            points=_split(run_secrets["points"]),
            targets=tuple(run_secrets["targets"]),
        ),
    )


def answered_with(desk: Desk, raw: bytes, session: str, *, step: int) -> bytes | None:
    """Return what this very letter was answered with, so that no answer is lost on its way.

    The last letter has no answer: that it was received is told by no bytes.

    Raises
    ------
    InputError
        If another letter of this step was answered: a run is answered once.
    """
    letters = [body for body in desk.bodies(LETTER) if body["session"] == session]
    received = [
        letter["digest"] for letter in letters if letter["step"] == step and not letter["sent"]
    ]
    if not received:
        return None
    if digest_of(raw) not in received:
        raise InputError(
            f"another letter of step {step} of this run was received before: "
            "a run is answered once",
            hint="What was answered then is sealed in the case's vault.",
        )
    sent_letters = [letter for letter in letters if letter["step"] == step + 1 and letter["sent"]]
    return desk.case.vault.read(ExhibitId(str(sent_letters[0]["exhibit"]))) if sent_letters else b""


def letter_of(desk: Desk, session: str, step: int) -> dict[str, Any]:
    """Return the payload of a letter that this desk has filed; its signature was checked then."""
    for body in desk.bodies(LETTER):
        if body["session"] == session and body["step"] == step:
            raw = desk.case.vault.read(ExhibitId(str(body["exhibit"])))
            payload: dict[str, Any] = json.loads(raw)["payload"]
            return payload
    raise InputError(f"no letter of step {step} of this run in the case")


def filed(
    desk: Desk,
    raw: bytes,
    other: Agency,
    *,
    session: str,
    size: int,
    step: int,
    at: datetime,
    run: MaskedSet | None = None,
    key: NoteVerifier | None = None,
) -> tuple[str, dict[str, Any], datetime]:
    """Seal a letter, and with it the secrets of the run where it is the first of our own.

    Returns what is to be recorded: what belongs to one step is recorded at once or not at all,
    so that a run goes on wherever it was cut short. Without ``key`` the letter is our own.
    """
    vault, clock = desk.case.vault, desk.case.clock.offset()
    secret = None
    if run is not None:
        run_secrets = {
            "scalar": run.scalar.hex(),
            "points": encoded(run.points),
            "targets": list(run.targets),
        }
        sealed = vault.seal(
            json.dumps(run_secrets).encode(),
            media_type="application/json",
            at=at,
            clock=clock,
            subject=subject_of(session),
        )
        secret = {"exhibit": sealed.id}
    exhibit = vault.seal(raw, media_type=MEDIA_TYPE, at=at, clock=clock)
    body = {
        "session": session,
        "step": step,
        "sent": key is None,
        "with": other.id,
        "size": size,
        "at": iso(at),
        "digest": digest_of(raw),
        "exhibit": exhibit.id,
        "run": secret,
        "key": None if key is None else str(key),
    }
    return LETTER, body, at


def result_of(
    other: Agency, session: str, shared: tuple[str, ...], *, at: datetime
) -> tuple[str, dict[str, Any], datetime]:
    """Return the record of what a run has told."""
    body = {"session": session, "with": other.id, "contact": other.contact}
    return RESULT, {**body, "shared": to_json(shared)}, at


def known_of(desk: Desk, other: Agency, session: str, *, reply: bytes | None) -> Deconflicted:
    """Return what a finished run has told."""
    body = next(result for result in desk.bodies(RESULT) if result["session"] == session)
    return Deconflicted(session=session, partner=other, shared=tuple(body["shared"]), reply=reply)


def encoded(points: Iterable[bytes]) -> str:
    """Return points as a letter carries them."""
    return base64.b64encode(b"".join(points)).decode()


def _split(text: str) -> tuple[bytes, ...]:
    whole = base64.b64decode(text, validate=True)
    return tuple(whole[at : at + POINT_BYTES] for at in range(0, len(whole), POINT_BYTES))


def points_of(told: Any, *, size: int, ascending: bool) -> tuple[bytes, ...]:
    """Return the points of a letter: whole, canonical, as many as were agreed."""
    if not isinstance(told, str):
        raise InputError("points are base64")
    try:
        points = _split(told)
    except (binascii.Error, ValueError) as error:
        raise InputError("points are base64") from error
    if encoded(points) != told or any(len(point) != POINT_BYTES for point in points[-1:]):
        raise InputError("points are whole and in canonical base64")
    check_points(points, size=size, ascending=ascending)
    return points


def hex_of(told: Any, length: int) -> bytes:
    """Return the bytes of a nonce or commitment."""
    try:
        value = bytes.fromhex(told)
    except (TypeError, ValueError) as error:
        raise InputError("a nonce or commitment is hex") from error
    if len(value) != length or value.hex() != told:
        raise InputError(f"a nonce or commitment is {length} bytes of lower-case hex")
    return value


def subject_of(session: str) -> str:
    """Return under whose key the secrets of a run are sealed."""
    return f"deconfliction:{session}"
