"""Mandates that are signed with a passkey, in the operations room."""

from __future__ import annotations

from pathlib import Path

from cautery import wiring
from cautery.act import terms_json
from cautery.canonical import canonical
from cautery.model import MandateSignature, digest_of
from cautery.model.signing_keys import PasskeyKey
from cautery.model.signing_request import RequestKind
from cautery.wiring.people import approver_passkey, people_of
from cautery.wiring.requests import asked_in_room
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
) -> MandateSignature:
    """Have a mandate signed by a named person's passkey; it is asked in the room, and used later.

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

    def write() -> Written:
        text, salt = text_for_passkey(mandate, raw=raw, name=name, role=role, key=key, now=now)
        return Written(text, shown=terms_json(mandate).decode(), kept=salt.hex())

    asked_for = {"file": str(digest_of(raw)), "name": name, "role": role, "key": key.spelled}
    about = digest_of(canonical(asked_for))
    with asked_in_room(people) as asked:
        (request,) = asked(RequestKind.MANDATE, about, {name: key.spelled}, write)
        return add_passkey_signature(
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
