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
from cautery.json_text import parsed_json
from cautery.model import Agency, digest_of
from cautery.model.records import DeconflictionLetter, DeconflictionResult, SealedSecrets
from cautery.operation.deconflict import FORMAT, POINT_BYTES, MaskedSet, check_points
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.letter import MEDIA_TYPE, open_letter, write_letter
from cautery.workflows.operation.partners import check_key

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
        raise InputError(f"{name}: an agency cannot run a deconfliction with itself")
    if not any(power.value != "advise" for power in partner.competence):
        raise InputError(f"{name}: an agency that only advises has no targets to deconflict")
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
            f"the letter is not step {step} of a deconfliction",
            hint="Steps: begin, answer, open, conclude, finish.",
        )
    if set(payload) != fields or not isinstance(payload["session"], str):
        raise InputError(f"the letter of step {step} has missing or unknown members")
    if payload["operation"] != desk.operation.id or payload["to"] != desk.agency.id:
        raise InputError("the letter is of another operation, or for another agency")
    partner = partner_of(desk, str(payload["from"])[:80])
    check_key(desk, partner.id, key)
    return payload, partner


def state_of(desk: Desk, payload: dict[str, Any], other: Agency, *, previous: int) -> Begun:
    """Find the run that a letter goes on with, and the secrets of our side of it."""
    session = payload["session"]
    letters = letters_of(desk, session)
    sent_letters = [letter for letter in letters if letter.step == previous and letter.sent]
    if not sent_letters or sent_letters[0].with_ != other.id:
        raise InputError(
            "the letter belongs to a run that this desk has neither begun nor answered"
        )
    # Two at one desk may have answered at once: the other side goes on with one of the answers.
    own_letter = next(
        (letter for letter in sent_letters if letter.digest == payload["previous"]), None
    )
    if own_letter is None:
        raise InputError("the letter does not answer the letter that this desk sent")
    secret = own_letter.run or next(letter.run for letter in letters if letter.run is not None)
    clear = desk.case.vault.open(secret.exhibit, subject=subject_of(session))
    run_secrets = parsed_json(clear)
    return Begun(
        size=own_letter.size,
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
    letters = letters_of(desk, session)
    received = [letter.digest for letter in letters if letter.step == step and not letter.sent]
    if not received:
        return None
    if digest_of(raw) not in received:
        raise InputError(
            f"another letter of step {step} of this run was received earlier; each step is "
            "answered only once",
            hint="The earlier answer is sealed in the case's vault.",
        )
    answers = [letter for letter in letters if letter.step == step + 1 and letter.sent]
    return desk.case.vault.read(answers[0].exhibit) if answers else b""


def letters_of(desk: Desk, session: str) -> list[DeconflictionLetter]:
    """Return the letters of a run that this desk has sent and received, in order."""
    return [letter for _, letter in desk.contents(DeconflictionLetter) if letter.session == session]


def letter_of(desk: Desk, session: str, step: int) -> dict[str, Any]:
    """Return the payload of a letter that this desk has filed; its signature was checked then."""
    for letter in letters_of(desk, session):
        if letter.step == step:
            raw = desk.case.vault.read(letter.exhibit)
            payload: dict[str, Any] = parsed_json(raw)["payload"]
            return payload
    raise InputError(f"the case has no letter of step {step} of this run")


def sealed_letter(
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
) -> DeconflictionLetter:
    """Seal a letter, and with it the secrets of the run where it is this agency's first letter.

    Returns what is to be recorded: what belongs to one step is recorded at once or not at all,
    so that a run goes on wherever it was cut short. Without ``key`` the letter is this agency's
    own.
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
        secret = SealedSecrets(exhibit=sealed.id)
    exhibit = vault.seal(raw, media_type=MEDIA_TYPE, at=at, clock=clock)
    return DeconflictionLetter(
        session=session,
        step=step,
        sent=key is None,
        with_=other.id,
        size=size,
        at=at,
        digest=digest_of(raw),
        exhibit=exhibit.id,
        run=secret,
        key=None if key is None else str(key),
    )


def result_of(other: Agency, session: str, shared: tuple[str, ...]) -> DeconflictionResult:
    """Return the record of what a run has told."""
    return DeconflictionResult(
        session=session, with_=other.id, contact=other.contact, shared=shared
    )


def known_of(desk: Desk, other: Agency, session: str, *, reply: bytes | None) -> Deconflicted:
    """Return what a finished run has told."""
    result = next(
        result for _, result in desk.contents(DeconflictionResult) if result.session == session
    )
    return Deconflicted(session=session, partner=other, shared=result.shared, reply=reply)


def encoded(points: Iterable[bytes]) -> str:
    """Return points as a letter carries them."""
    return base64.b64encode(b"".join(points)).decode()


def _split(text: str) -> tuple[bytes, ...]:
    whole = base64.b64decode(text, validate=True)
    return tuple(whole[at : at + POINT_BYTES] for at in range(0, len(whole), POINT_BYTES))


def points_of(told: Any, *, size: int, ascending: bool) -> tuple[bytes, ...]:
    """Return the points of a letter: whole, canonical, as many as were agreed."""
    if not isinstance(told, str):
        raise InputError("points must be base64")
    try:
        points = _split(told)
    except (binascii.Error, ValueError) as error:
        raise InputError("points must be base64") from error
    if encoded(points) != told or any(len(point) != POINT_BYTES for point in points[-1:]):
        raise InputError("points must be complete and in canonical base64")
    check_points(points, size=size, ascending=ascending)
    return points


def hex_of(told: Any, length: int) -> bytes:
    """Return the bytes of a nonce or commitment."""
    try:
        value = bytes.fromhex(told)
    except (TypeError, ValueError) as error:
        raise InputError("a nonce or commitment must be hexadecimal") from error
    if len(value) != length or value.hex() != told:
        raise InputError(f"a nonce or commitment must be {length} bytes in lower-case hexadecimal")
    return value


def subject_of(session: str) -> str:
    """Return under whose key the secrets of a run are sealed."""
    return f"deconfliction:{session}"
