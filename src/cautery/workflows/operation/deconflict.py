"""Deconfliction between two desks, as four signed letters (ADR 0008).

1. :func:`first`, A to B: a fresh nonce, the size, and a commitment to A's masked set.
2. :func:`second`, B to A: B's masked set.
3. :func:`third`, A to B: A's masked set, as committed to, and B's set raised by A.
4. :func:`fourth`, B to A: A's set raised by B; B knows what is shared. :func:`last`: so does A.

Every letter is sealed and recorded in both cases. A run's secrets are sealed in the case under a
key of the run's own, which lies with the keys outside it.
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cautery.errors import InputError
from cautery.evidence.note import NoteVerifier
from cautery.model import Agency, ExhibitId, digest_of, iso, to_json
from cautery.operation.deconflict import (
    FORMAT,
    POINT_BYTES,
    MaskedSet,
    agreed_size,
    check_points,
    check_size,
    commitment,
    masked_set,
    multiply,
    session_of,
    shared_targets,
)
from cautery.operation.targets import NOT_TARGETS, normalise
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.letter import open_letter, write_letter
from cautery.workflows.operation.partners import LETTER, check_key
from cautery.workflows.operation.share import held

RESULT = "operation.deconflicted"
FORGOTTEN = "operation.deconfliction-forgotten"

MAX_TARGET_BYTES = 32 << 20
"""A file of 2^17 targets, each of 200 bytes."""

_NONCE_BYTES = 32
_MEDIA_TYPE = "application/vnd.cautery.letter+json"

Random = Callable[[int], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deconflicted:
    """What a run has told: the targets that both have, and whom to call about them."""

    session: str
    partner: Agency
    shared: tuple[str, ...]
    reply: bytes | None = None


def targets_of(desk: Desk) -> tuple[str, ...]:
    """Return the targets of the agency's own statements on assets, each in its one spelling.

    What others have shared is theirs to compare, so it is left out.
    """
    return tuple(
        sorted(
            {
                normalise(one.statement.subject)
                for one in held(desk)
                if one.received_from is None
                and one.statement.about == "asset"
                and one.statement.subject.partition(":")[0] not in NOT_TARGETS
                and one.corrected_by is None
                and not one.statement.details.get("withdrawn")
            }
        )
    )


def read_targets(path: Path) -> tuple[str, ...]:
    """Read targets from a file, one a line (``kind:value``, a host or an address); # comments.

    Raises
    ------
    InputError
        Naming file and line.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_TARGET_BYTES + 1)
        text = raw.decode("utf-8-sig")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{path}: cannot be read ({why[:200]})") from error
    if len(raw) > MAX_TARGET_BYTES:
        raise InputError(f"{path}: over {MAX_TARGET_BYTES:,} bytes")
    found: set[str] = set()
    for number, line in enumerate(text.split("\n"), 1):
        told = line.strip()
        if told and not told.startswith("#"):
            try:
                found.add(normalise(told))
            except InputError as error:
                raise InputError(f"{path}, line {number}: {error}") from error
    return tuple(sorted(found))


def first(
    desk: Desk,
    partner: str,
    *,
    at: datetime,
    targets: Iterable[str] | None = None,
    size: int | None = None,
    random: Random = secrets.token_bytes,
) -> bytes:
    """Begin a run with an agency at the table; return the letter for it.

    Parameters
    ----------
    targets : iterable of str, optional
        Instead of :func:`targets_of` the desk.
    size : int, optional
        What sets are padded to; by default the smallest usual size that holds ours.

    Raises
    ------
    InputError
        If the agency is not at the table or only advises, or there are too many targets.
    """
    other = _partner(desk, partner)
    own = _targets(desk, targets)
    agreed = agreed_size(len(own)) if size is None else size
    check_size(agreed)
    nonce = random(_NONCE_BYTES)
    session = session_of(desk.operation.id, desk.agency.id, other.id, agreed, nonce)
    run = masked_set(own, session=session, size=agreed, random=random)
    raw = _written(
        desk,
        other,
        step=1,
        session=session,
        size=agreed,
        nonce=nonce.hex(),
        commitment=commitment(run.points, session),
    )
    desk.case.ledger.append_all(
        [_filed(desk, raw, other, session=session, size=agreed, step=1, at=at, run=run)]
    )
    return raw


def second(
    desk: Desk,
    raw: bytes,
    *,
    key: NoteVerifier,
    at: datetime,
    targets: Iterable[str] | None = None,
    random: Random = secrets.token_bytes,
) -> bytes:
    """Answer the first letter with one's own masked set; the same letter again gets the same.

    Raises
    ------
    InputError
        If the letter is malformed, for somebody else, or another one was answered in its place.
    EvidenceError
        If it is not signed by ``key``.
    """
    payload, other = _opened(desk, raw, key, step=1, members={"size", "nonce", "commitment"})
    size = payload["size"]
    if not isinstance(size, int) or isinstance(size, bool):
        raise InputError("a run's size is a whole number")
    check_size(size)
    nonce = _hex(payload["nonce"], _NONCE_BYTES)
    _hex(payload["commitment"], 32)
    session = session_of(desk.operation.id, other.id, desk.agency.id, size, nonce)
    if payload["session"] != session:
        raise InputError("the letter's session is not that of these agencies, size and nonce")
    if (answered := _answered(desk, raw, session, step=1)) is not None:
        return answered
    run = masked_set(_targets(desk, targets), session=session, size=size, random=random)
    reply = _written(
        desk, other, step=2, session=session, previous=digest_of(raw), masked=_encoded(run.points)
    )
    desk.case.ledger.append_all(
        [
            _filed(desk, raw, other, session=session, size=size, step=1, at=at, key=key),
            _filed(desk, reply, other, session=session, size=size, step=2, at=at, run=run),
        ]
    )
    return reply


def third(desk: Desk, raw: bytes, *, key: NoteVerifier, at: datetime) -> bytes:
    """Show the masked set that was committed to, and raise the partner's.

    Raises
    ------
    InputError, EvidenceError
        As :func:`second`.
    """
    payload, other = _opened(desk, raw, key, step=2, members={"previous", "masked"})
    if (answered := _answered(desk, raw, payload["session"], step=2)) is not None:
        return answered
    begun = _state(desk, payload, other, previous=1)
    theirs = _points(payload["masked"], size=begun.size, ascending=True)
    raised = multiply(begun.run.scalar, theirs)
    session = str(payload["session"])
    reply = _written(
        desk,
        other,
        step=3,
        session=session,
        previous=digest_of(raw),
        masked=_encoded(begun.run.points),
        raised=_encoded(raised),
    )
    size = begun.size
    desk.case.ledger.append_all(
        [
            _filed(desk, raw, other, session=session, size=size, step=2, at=at, key=key),
            _filed(desk, reply, other, session=session, size=size, step=3, at=at),
        ]
    )
    return reply


def fourth(desk: Desk, raw: bytes, *, key: NoteVerifier, at: datetime) -> Deconflicted:
    """Learn what is shared, and raise the partner's set so that it learns the same.

    Raises
    ------
    InputError, EvidenceError
        As :func:`second`; also if the masked set is not the one that was committed to.
    """
    payload, other = _opened(desk, raw, key, step=3, members={"previous", "masked", "raised"})
    session = str(payload["session"])
    if (answered := _answered(desk, raw, session, step=3)) is not None:
        return _known(desk, other, session, reply=answered)
    begun = _state(desk, payload, other, previous=2)
    theirs = _points(payload["masked"], size=begun.size, ascending=True)
    promised = _letter(desk, session, 1)["commitment"]
    if commitment(theirs, session) != promised:
        raise InputError(f"{other.id} shows another set than it committed to before it saw ours")
    own_raised = _points(payload["raised"], size=begun.size, ascending=False)
    raised = multiply(begun.run.scalar, theirs)
    shared = shared_targets(begun.run, own_raised, raised)
    reply = _written(
        desk, other, step=4, session=session, previous=digest_of(raw), raised=_encoded(raised)
    )
    size = begun.size
    desk.case.ledger.append_all(
        [
            _filed(desk, raw, other, session=session, size=size, step=3, at=at, key=key),
            _filed(desk, reply, other, session=session, size=size, step=4, at=at),
            _result(other, session, shared, at=at),
        ]
    )
    return Deconflicted(session=session, partner=other, shared=shared, reply=reply)


def last(desk: Desk, raw: bytes, *, key: NoteVerifier, at: datetime) -> Deconflicted:
    """Learn what is shared: the end of the run for the one who began it.

    Raises
    ------
    InputError, EvidenceError
        As :func:`second`.
    """
    payload, other = _opened(desk, raw, key, step=4, members={"previous", "raised"})
    session = str(payload["session"])
    if _answered(desk, raw, session, step=4) is not None:
        return _known(desk, other, session, reply=None)
    begun = _state(desk, payload, other, previous=3)
    own_raised = _points(payload["raised"], size=begun.size, ascending=False)
    sent = _letter(desk, session, 3)
    theirs = _points(sent["raised"], size=begun.size, ascending=False)
    shared = shared_targets(begun.run, own_raised, theirs)
    desk.case.ledger.append_all(
        [
            _filed(desk, raw, other, session=session, size=begun.size, step=4, at=at, key=key),
            _result(other, session, shared, at=at),
        ]
    )
    return Deconflicted(session=session, partner=other, shared=shared)


def forget_run(desk: Desk, session: str, *, why: str, at: datetime | None = None) -> int:
    """Destroy the secrets of a run, when no auditor needs them any more; return how many.

    Raises
    ------
    InputError
        If there is no such run.
    """
    if not any(body["session"] == session for body in desk.bodies(LETTER)):
        raise InputError(f"no deconfliction run {session[:80]!r} in this case")
    destroyed = desk.case.vault.erase(_subject(session))
    desk.record(FORGOTTEN, {"session": session, "why": why, "keys": destroyed}, at=at)
    return destroyed


def deconflict_desks(
    desk_a: Desk,
    desk_b: Desk,
    *,
    at: datetime,
    targets_a: Iterable[str] | None = None,
    targets_b: Iterable[str] | None = None,
    size: int | None = None,
    random: Random = secrets.token_bytes,
) -> tuple[str, ...]:
    """Run all four letters between two desks of one process; return what both share.

    Raises
    ------
    InputError
        As the steps do; without ``size`` it is the usual one that holds both sets.
    """
    own_a, own_b = _targets(desk_a, targets_a), _targets(desk_b, targets_b)
    agreed = agreed_size(max(len(own_a), len(own_b))) if size is None else size
    key_a, key_b = desk_a.case.verifier, desk_b.case.verifier
    one = first(desk_a, desk_b.agency.id, at=at, targets=own_a, size=agreed, random=random)
    two = second(desk_b, one, key=key_a, at=at, targets=own_b, random=random)
    three = third(desk_a, two, key=key_b, at=at)
    known_b = fourth(desk_b, three, key=key_a, at=at)
    assert known_b.reply is not None
    known_a = last(desk_a, known_b.reply, key=key_b, at=at)
    assert known_a.shared == known_b.shared
    return known_a.shared


@dataclass(frozen=True, slots=True, kw_only=True)
class _Begun:
    size: int
    run: MaskedSet


def _partner(desk: Desk, name: str) -> Agency:
    other = desk.operation.agency(name)
    if other.id == desk.agency.id:
        raise InputError(f"{name}: an agency has no conflict with itself")
    if not any(one.value != "advise" for one in other.competence):
        raise InputError(f"{name}: those who only advise have no targets to deconflict")
    return other


def _targets(desk: Desk, given: Iterable[str] | None) -> tuple[str, ...]:
    if given is None:
        return targets_of(desk)
    return tuple(sorted({normalise(one) for one in given}))


def _written(desk: Desk, other: Agency, **members: Any) -> bytes:
    return write_letter(
        {
            "format": FORMAT,
            "operation": desk.operation.id,
            "from": desk.agency.id,
            "to": other.id,
            **members,
        },
        desk.case.signer,
    )


def _opened(
    desk: Desk, raw: bytes, key: NoteVerifier, *, step: int, members: set[str]
) -> tuple[dict[str, Any], Agency]:
    """Check who wrote the letter to whom, and which step it is."""
    payload = open_letter(raw, key)
    wanted = {"format", "operation", "from", "to", "step", "session"} | members
    if payload.get("format") != FORMAT or payload.get("step") != step:
        raise InputError(
            f"not the letter of step {step} of a deconfliction",
            hint="Steps: begin, answer, open, conclude, finish.",
        )
    if set(payload) != wanted or not isinstance(payload["session"], str):
        raise InputError(f"the letter of step {step} has other members than it should")
    if payload["operation"] != desk.operation.id or payload["to"] != desk.agency.id:
        raise InputError("a letter of another operation, or for another agency")
    other = _partner(desk, str(payload["from"])[:80])
    check_key(desk, other.id, key)
    return payload, other


def _state(desk: Desk, payload: dict[str, Any], other: Agency, *, previous: int) -> _Begun:
    """Find the run that a letter goes on with, and the secrets of our side of it."""
    session = payload["session"]
    letters = [body for body in desk.bodies(LETTER) if body["session"] == session]
    sent = [one for one in letters if one["step"] == previous and one["sent"]]
    if not sent or sent[0]["with"] != other.id:
        raise InputError("a letter of a run that this desk has not begun or answered")
    # Two at one desk may have answered at once: the other side goes on with one of the answers.
    meant = next((one for one in sent if one["digest"] == payload["previous"]), None)
    if meant is None:
        raise InputError("the letter answers another letter than the one that was sent")
    secret = meant["run"] or next(one["run"] for one in letters if one["run"] is not None)
    clear = desk.case.vault.open(ExhibitId(secret["exhibit"]), subject=_subject(session))
    kept = json.loads(clear)
    return _Begun(
        size=int(meant["size"]),
        run=MaskedSet(
            scalar=bytes.fromhex(kept["scalar"]),
            points=_split(kept["points"]),
            targets=tuple(kept["targets"]),
        ),
    )


def _answered(desk: Desk, raw: bytes, session: str, *, step: int) -> bytes | None:
    """Return what this very letter was answered with, so that no answer is lost on its way.

    The last letter has no answer: that it was received is told by no bytes.

    Raises
    ------
    InputError
        If another letter of this step was answered: a run is answered once.
    """
    letters = [body for body in desk.bodies(LETTER) if body["session"] == session]
    received = [one["digest"] for one in letters if one["step"] == step and not one["sent"]]
    if not received:
        return None
    if digest_of(raw) not in received:
        raise InputError(
            f"another letter of step {step} of this run was received before: "
            "a run is answered once",
            hint="What was answered then is sealed in the case's vault.",
        )
    sent = [one for one in letters if one["step"] == step + 1 and one["sent"]]
    return desk.case.vault.read(ExhibitId(str(sent[0]["exhibit"]))) if sent else b""


def _letter(desk: Desk, session: str, step: int) -> dict[str, Any]:
    """Return the payload of a letter that this desk has filed; its signature was checked then."""
    for body in desk.bodies(LETTER):
        if body["session"] == session and body["step"] == step:
            raw = desk.case.vault.read(ExhibitId(str(body["exhibit"])))
            payload: dict[str, Any] = json.loads(raw)["payload"]
            return payload
    raise InputError(f"no letter of step {step} of this run in the case")


def _filed(
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
        kept = {
            "scalar": run.scalar.hex(),
            "points": _encoded(run.points),
            "targets": list(run.targets),
        }
        sealed = vault.seal(
            json.dumps(kept).encode(),
            media_type="application/json",
            at=at,
            clock=clock,
            subject=_subject(session),
        )
        secret = {"exhibit": sealed.id}
    exhibit = vault.seal(raw, media_type=_MEDIA_TYPE, at=at, clock=clock)
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


def _result(
    other: Agency, session: str, shared: tuple[str, ...], *, at: datetime
) -> tuple[str, dict[str, Any], datetime]:
    body = {"session": session, "with": other.id, "contact": other.contact}
    return RESULT, {**body, "shared": to_json(shared)}, at


def _known(desk: Desk, other: Agency, session: str, *, reply: bytes | None) -> Deconflicted:
    """Return what a finished run has told."""
    body = next(one for one in desk.bodies(RESULT) if one["session"] == session)
    return Deconflicted(session=session, partner=other, shared=tuple(body["shared"]), reply=reply)


def _encoded(points: Iterable[bytes]) -> str:
    return base64.b64encode(b"".join(points)).decode()


def _split(text: str) -> tuple[bytes, ...]:
    whole = base64.b64decode(text, validate=True)
    return tuple(whole[at : at + POINT_BYTES] for at in range(0, len(whole), POINT_BYTES))


def _points(told: Any, *, size: int, ascending: bool) -> tuple[bytes, ...]:
    if not isinstance(told, str):
        raise InputError("points are base64")
    try:
        points = _split(told)
    except (binascii.Error, ValueError) as error:
        raise InputError("points are base64") from error
    if _encoded(points) != told or any(len(one) != POINT_BYTES for one in points[-1:]):
        raise InputError("points are whole and in canonical base64")
    check_points(points, size=size, ascending=ascending)
    return points


def _hex(told: Any, length: int) -> bytes:
    try:
        found = bytes.fromhex(told)
    except (TypeError, ValueError) as error:
        raise InputError("a nonce or commitment is hex") from error
    if len(found) != length or found.hex() != told:
        raise InputError(f"a nonce or commitment is {length} bytes of lower-case hex")
    return found


def _subject(session: str) -> str:
    return f"deconfliction:{session}"
