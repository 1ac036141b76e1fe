"""Which passkeys may approve: the room keeps it when one is made, and an author of a mandate gets it."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.passkeys import (
    ORIGIN,
    PRESENT,
    SYNCABLE,
    SYNCED,
    VERIFIED,
    Device,
    assertion,
    cose,
    registration,
)

from cautery.act import approver_key
from cautery.adapters.passkeys import WebAuthn, public_key_of
from cautery.adapters.passwords import Argon2Passwords
from cautery.adapters.people_file import NAME, PeopleFile
from cautery.errors import ApprovalError, InputError
from cautery.model import Approver
from cautery.model.account import Account, Passkey
from cautery.model.room import RoomRole
from cautery.wiring.people import approver_passkey, owner, people_of

SITE = WebAuthn(site="room.example", origin=ORIGIN)
CHALLENGE = b"a challenge of the room" * 2
AT = datetime(2026, 11, 24, tzinfo=UTC)


def passkey(device: Device, account: str, name: str, *, approves_at: str = ORIGIN) -> Passkey:
    return Passkey(
        id=device.credential,
        account=account,
        key=cose(device),
        count=0,
        name=name,
        made_at=AT,
        approves_at=approves_at,
    )


def test_a_passkey_that_stays_on_its_device_may_approve_in_this_room() -> None:
    made = SITE.made(registration(Device.of(1), CHALLENGE), CHALLENGE)
    assert made.approves_at == ORIGIN


@pytest.mark.parametrize("flags", [SYNCABLE, SYNCABLE | SYNCED])
def test_a_synced_passkey_comes_in_and_may_not_approve(flags: int) -> None:
    answer = registration(Device.of(1), CHALLENGE, flags=PRESENT | VERIFIED | flags)
    assert SITE.made(answer, CHALLENGE).approves_at == ""


@pytest.mark.parametrize(
    "told", [{"crossOrigin": True}, {"crossOrigin": "no"}, {"topOrigin": "https://other.example"}]
)
def test_a_passkey_that_was_asked_inside_a_page_of_another_site_lets_nobody_in(told: Any) -> None:
    device = Device.of(1)
    kept = passkey(device, "p-1", "key")
    assert SITE.used(assertion(device, CHALLENGE), CHALLENGE, kept) == 0
    with pytest.raises(ApprovalError):
        SITE.used(assertion(device, CHALLENGE, **told), CHALLENGE, kept)


def test_a_passkey_whose_device_verified_nobody_is_not_taken() -> None:
    with pytest.raises(ApprovalError):
        SITE.made(registration(Device.of(1), CHALLENGE, flags=PRESENT), CHALLENGE)


@pytest.fixture
def room(tmp_path: Path) -> Any:
    (tmp_path / "keys").mkdir(mode=0o700)
    folder = tmp_path / "people"
    with people_of(folder, new=True, keys_dir=tmp_path / "keys", passwords=Argon2Passwords()) as it:
        yield it


def account(room: Any, name: str = "anna") -> Account:
    made, _ = room.accounts.make(name, [RoomRole.ANALYST], None, by=owner(), why="x")
    return made  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    "device", [Device.of(1), Device(key=Ed25519PrivateKey.from_private_bytes(bytes([7]) * 32))]
)
def test_the_author_of_a_mandate_gets_a_key_that_verifies(room: Any, device: Device) -> None:
    device.account = account(room).id
    room.people.add_passkey(passkey(device, device.account, "blue"), era=0)
    text = approver_passkey(room, "anna").spelled
    assert text == device.text
    key = approver_key(Approver(name="Anna", role="legal", public_key=text))
    key.verify(device.signature(b"statement"), b"statement")


def test_a_synced_passkey_is_refused_to_the_author_of_a_mandate(room: Any) -> None:
    anna = account(room)
    with pytest.raises(InputError, match="no passkeys"):
        approver_passkey(room, "anna")
    room.people.add_passkey(passkey(Device.of(1), anna.id, "phone", approves_at=""), era=0)
    with pytest.raises(InputError, match="only synced ones"):
        approver_passkey(room, "anna")
    room.people.add_passkey(passkey(Device.of(2), anna.id, "blue"), era=0)
    assert approver_passkey(room, "anna").credential == Device.of(2).credential


def test_of_two_passkeys_one_is_chosen_by_its_name(room: Any) -> None:
    anna = account(room)
    for seed, name in ((1, "blue"), (2, "red")):
        room.people.add_passkey(passkey(Device.of(seed), anna.id, name), era=0)
    with pytest.raises(InputError, match="2 passkeys that may approve") as refused:
        approver_passkey(room, "anna")
    assert refused.value.hint == "Choose one with --passkey: 'blue', 'red'."
    assert approver_passkey(room, "anna", "red").credential == Device.of(2).credential


def test_a_passkey_of_another_kind_of_key_is_refused(room: Any) -> None:
    anna = account(room)
    rsa = cose_rsa()
    kept = Passkey(
        id=b"x", account=anna.id, key=rsa, count=0, name="old", made_at=AT, approves_at=ORIGIN
    )
    room.people.add_passkey(kept, era=0)
    assert public_key_of(kept)
    with pytest.raises(InputError, match="neither of P-256 nor of Ed25519"):
        approver_passkey(room, "anna")


def cose_rsa() -> bytes:
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
    from webauthn.helpers import encode_cbor

    numbers = generate_private_key(65537, 2048).public_key().public_numbers()
    return bytes(encode_cbor({1: 3, 3: -257, -1: numbers.n.to_bytes(256, "big"), -2: b"\1\0\1"}))


def test_the_accounts_of_an_earlier_version_are_read_and_their_passkeys_approve_nothing(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "people"
    people = PeopleFile(folder)
    people.add(
        Account(
            id="p-000000000001",
            name="anna",
            roles=frozenset({RoomRole.ANALYST}),
            cases=None,
            why="x",
            made_at=AT,
        )
    )
    people.add_passkey(passkey(Device.of(1), "p-000000000001", "blue"), era=0)
    people.close()
    with sqlite3.connect(folder / NAME) as earlier:
        earlier.execute("DROP TABLE approving")
    again = PeopleFile(folder)
    [kept] = again.passkeys("p-000000000001")
    assert (kept.name, kept.approves_at) == ("blue", "")
    again.add_passkey(passkey(Device.of(2), "p-000000000001", "red"), era=0)
    assert again.passkey(Device.of(2).credential).approves_at == ORIGIN  # type: ignore[union-attr]
    assert again.drop_passkey("p-000000000001", Device.of(2).credential)
    again.close()
