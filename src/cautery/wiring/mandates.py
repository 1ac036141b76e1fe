"""What passkeys sign of mandates and their seasons, in the operations room."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from cautery import wiring
from cautery.act import terms_digest, terms_json
from cautery.act.fixture_signatures import fixtures_to_sign
from cautery.canonical import canonical
from cautery.errors import ApprovalError
from cautery.model import Approver, Digest, Mandate, digest_of, to_json
from cautery.model.season import SeasonFixture
from cautery.model.signing_keys import PasskeyKey
from cautery.model.signing_request import RequestKind, SigningRequest
from cautery.public_keys import is_passkey
from cautery.wiring.people import approver_passkey, people_of
from cautery.wiring.requests import AskedInRoom, asked_in_room
from cautery.workflows.mandate.fixture_approvals import (
    add_passkey_approval,
    listed_fixtures,
    season_approver,
)
from cautery.workflows.mandate.fixture_approvals import text_for_passkey as fixtures_text
from cautery.workflows.mandate.read import read_with_bytes
from cautery.workflows.mandate.signatures import add_passkey_signature, text_for_passkey
from cautery.workflows.people.requests import Written


def sign_in_room(
    path: Path,
    *,
    name: str,
    role: str,
    account: str,
    passkey: str | None,
    people: Path,
    keys_dir: Path | None,
) -> int:
    """Have a mandate signed by a named person's passkey; it is asked in the room, and used later.

    The fixtures that its calendars list are another text, which the passkey signs, too.

    Parameters
    ----------
    path : Path
        The mandate's file.
    account : str
        By which the person comes into the room.
    passkey : str or None
        What the person calls the passkey; needed where there are several.
    people : Path
        Folder of the people of the room.

    Returns
    -------
    int
        How many fixtures were signed with it.

    Raises
    ------
    ApprovalError
        Until the passkey has signed; or if it may not, or signed something else.
    CauteryError
        As the workflows say.
    """
    now = wiring.clock().now()
    mandate, raw = read_with_bytes(path, now=now)
    with people_of(people, keys_dir=keys_dir) as room:
        key = PasskeyKey(approver_passkey(room, account, passkey))
    signer = Approver(name=name, role=role, public_key=key.spelled)
    fixtures = listed_fixtures(mandate)

    def write() -> Written:
        text, salt = text_for_passkey(mandate, raw=raw, name=name, role=role, key=key, now=now)
        return Written(text, shown=terms_json(mandate).decode(), kept=salt.hex())

    with asked_in_room(people) as asking:
        about = _about(signer, file=digest_of(raw))
        (request,) = asking(RequestKind.MANDATE, about, {name: key.spelled}, write)
        season = _ask_fixtures(asking, mandate, fixtures, signer, now) if fixtures else None
        asking.require_answers()
        add_passkey_signature(
            path,
            mandate,
            raw=raw,
            text=request.text,
            salt=bytes.fromhex(request.kept),
            answer=request.answer,
            name=name,
            role=role,
            key=key,
            now=now,
        )
        if season is not None:
            _add_fixtures(path, mandate, fixtures, person=signer, request=season, now=now)
    return len(fixtures)


def approve_in_room(
    path: Path,
    mandate: Mandate,
    fixtures: Sequence[SeasonFixture],
    *,
    name: str,
    people: Path,
    now: datetime,
) -> None:
    """Have fixtures of a season let in by an approver's passkey; it is asked in the room.

    Raises
    ------
    ApprovalError
        Until the passkey has signed; or if the person is no approver with one.
    CauteryError
        As the workflows say.
    """
    approver = season_approver(mandate, name, fixtures)
    if not is_passkey(approver.public_key.strip()):
        raise ApprovalError(f"{name} signs with a key file", hint="Name it: --key KEY.pem")
    with asked_in_room(people) as asking:
        request = _ask_fixtures(asking, mandate, fixtures, approver, now)
        asking.require_answers()
        _add_fixtures(path, mandate, fixtures, person=approver, request=request, now=now)


def _ask_fixtures(
    asking: AskedInRoom,
    mandate: Mandate,
    fixtures: Sequence[SeasonFixture],
    person: Approver,
    now: datetime,
) -> SigningRequest:
    def write() -> Written:
        text = fixtures_text(mandate, fixtures, approver=person, now=now)
        return Written(text, shown=canonical([to_json(each) for each in fixtures]).decode())

    about = _about(person, fixtures=fixtures_to_sign(fixtures), mandate=terms_digest(mandate))
    (request,) = asking(
        RequestKind.FIXTURES, about, {person.name: person.public_key.strip()}, write
    )
    return request


def _add_fixtures(
    path: Path,
    mandate: Mandate,
    fixtures: Sequence[SeasonFixture],
    *,
    person: Approver,
    request: SigningRequest,
    now: datetime,
) -> None:
    add_passkey_approval(
        path,
        mandate,
        fixtures,
        approver=person,
        text=request.text,
        answer=request.answer,
        now=now,
    )


def _about(person: Approver, **digests: Digest) -> Digest:
    return digest_of(canonical({**to_json(person), **digests}))
