"""Two people outside sign a mandate with passkeys, and anybody checks it without the room."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.passkeys import PRESENT, SYNCABLE, VERIFIED, Device
from tests.workflows.mandate.test_signatures import (
    NOW,
    TEXT,
    closed_under,
    guided,
    lines,
    public,
    sign,
)

from cautery.act import standing_of
from cautery.adapters.case_folder import FolderStore
from cautery.errors import ApprovalError, InputError, MandateError
from cautery.model import Approver, Mandate
from cautery.model.signing_keys import PasskeyKey
from cautery.public_keys import passkey_in
from cautery.workflows.case.verify import verify_case
from cautery.workflows.mandate.read import read_mandate, read_with_bytes
from cautery.workflows.mandate.signatures import (
    add_passkey_signature,
    signatures_path,
    text_for_passkey,
)
from cautery.workflows.mandate.signers import read_signers

HEAD, DEPUTY, EVE = Device.of(11), Device.of(12), Device.of(13)


def key(device: Device) -> PasskeyKey:
    return PasskeyKey(passkey_in(device.text))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "mandate.toml"
    path.write_text(TEXT)
    return path


def asked(path: Path, name: str, device: Device, role: str = "director") -> dict[str, Any]:
    mandate, raw = read_with_bytes(path, now=NOW)
    who: dict[str, Any] = {"name": name, "role": role, "key": key(device)}
    text, salt = text_for_passkey(mandate, raw=raw, now=NOW, **who)
    return {"text": text, "salt": salt, **who}


def use(path: Path, device: Device, given: dict[str, Any], **how: Any) -> None:
    mandate, raw = read_with_bytes(path, now=NOW)
    answer = device.signature(given["text"].encode(), **how)
    add_passkey_signature(
        path, mandate, raw=raw, answer=answer, now=NOW + timedelta(hours=3), **given
    )


def passkey_signs(path: Path, name: str, device: Device, **how: Any) -> None:
    use(path, device, asked(path, name, device), **how)


def signed(path: Path) -> Mandate:
    passkey_signs(path, "M. Head", HEAD)
    passkey_signs(path, "N. Deputy", DEPUTY)
    return read_mandate(path, now=NOW)


def known(**devices: Device) -> tuple[Approver, ...]:
    return tuple(
        Approver(name=name.replace("_", ". "), role="director", public_key=device.text)
        for name, device in devices.items()
    )


def test_two_passkeys_sign_a_mandate_and_a_case_under_it_verifies_offline(
    path: Path, tmp_path: Path
) -> None:
    mandate = signed(path)
    standing = standing_of(mandate, now=NOW, signers=known(M_Head=HEAD, N_Deputy=DEPUTY))
    assert (standing.signed, standing.vouched) == (True, True)
    words = f"M. Head (director, key {key(HEAD).id} of https://room.example)"
    assert standing.people[0] == words
    case = closed_under(mandate, tmp_path)
    said = verify_case(
        case, store=FolderStore(), signers=known(M_Head=HEAD, N_Deputy=DEPUTY)
    ).mandate
    assert said
    assert words in said
    assert said.endswith("their keys are known from outside")


def test_a_passkey_signs_beside_a_key_file(path: Path) -> None:
    sign(path, "M. Head")
    passkey_signs(path, "N. Deputy", DEPUTY)
    mandate = read_mandate(path, now=NOW)
    assert standing_of(mandate, now=NOW).signed
    signers = (
        Approver(name="M. Head", role="director", public_key=public("M. Head")),
        *known(N_Deputy=DEPUTY),
    )
    assert standing_of(mandate, now=NOW, signers=signers).vouched


def test_the_guide_checks_passkeys_without_cautery(path: Path, tmp_path: Path) -> None:
    passkey_signs(path, "M. Head", HEAD)
    sign(path, "N. Deputy")
    ed25519 = Device(key=Ed25519PrivateKey.from_private_bytes(bytes([7]) * 32))
    passkey_signs(path, "O. Third", ed25519)
    case = closed_under(read_mandate(path, now=NOW), tmp_path)
    ran = guided(case, tmp_path)
    assert ran.stderr == ""
    assert ran.stdout.splitlines() == [
        f"{name} (director) signed these terms with key {spelled}"
        for name, spelled in (
            ("M. Head", HEAD.text),
            ("N. Deputy", public("N. Deputy")),
            ("O. Third", ed25519.text),
        )
    ]


BAD = {
    "synced": ({"flags": PRESENT | VERIFIED | SYNCABLE}, "synced"),
    "not verified": ({"flags": PRESENT}, "did not verify"),
    "of another room": ({"origin": "https://other.example"}, "another site"),
    "of another text": ({"challenge": "AAAA"}, "another text"),
    "in a frame": ({"crossOrigin": True}, "another site"),
}


@pytest.mark.parametrize(("how", "match"), BAD.values(), ids=BAD)
def test_an_answer_that_does_not_hold_is_not_put_beside_a_mandate(
    path: Path, how: dict[str, Any], match: str
) -> None:
    with pytest.raises(ApprovalError, match=match):
        passkey_signs(path, "M. Head", HEAD, **how)
    assert not signatures_path(path).exists()


def test_an_answer_is_good_for_this_file_these_terms_and_this_person_alone(path: Path) -> None:
    given = asked(path, "M. Head", HEAD)
    for other in (
        {"name": "A. Legal"},
        {"role": "minister"},
        {"key": key(EVE)},
        {"salt": bytes(32)},
    ):
        with pytest.raises(ApprovalError, match="signature of another mandate"):
            use(path, HEAD, given | other)
    with pytest.raises(ApprovalError, match="not of this passkey"):
        use(path, EVE, given)
    path.write_text(TEXT.replace("guess-me", "guess-him"))
    with pytest.raises(ApprovalError, match="signature of another mandate"):
        use(path, HEAD, given)
    for text in ("", "[]", '{"at": 5}', '{"at": "soon"}'):
        with pytest.raises(ApprovalError, match="no signature of a mandate"):
            use(path, HEAD, given | {"text": text})
    assert not signatures_path(path).exists()


def test_one_person_does_not_sign_twice_with_two_passkeys(path: Path) -> None:
    passkey_signs(path, "M. Head", HEAD)
    other = Device.of(20, account=HEAD.account)
    with pytest.raises(ApprovalError, match="same key or account"):
        passkey_signs(path, "N. Deputy", other)
    with pytest.raises(ApprovalError, match="has signed this mandate already"):
        passkey_signs(path, "m. head", DEPUTY)
    both = [asked(path, "N. Deputy", DEPUTY), asked(path, "N. Deputy", DEPUTY)]
    use(path, DEPUTY, both[0])
    with pytest.raises(ApprovalError, match="has signed this mandate already"):
        use(path, DEPUTY, both[1])


@pytest.mark.parametrize(
    "change",
    [
        {"name": "Mallory"},
        {"role": "minister"},
        {"at": "2026-11-24T19:59:00.000000Z"},
        {"public_key": EVE.text},
        {"public_key": HEAD.text.replace("https://room", "https://evil")},
        {"public_key": HEAD.text + " "},
        {"signature": "passkey/1 AA== AA== AA=="},
        {"terms": "sha256:" + "0" * 64},
    ],
)
def test_a_signature_with_one_thing_changed_is_refused(path: Path, change: dict[str, Any]) -> None:
    signed(path)
    first, second = lines(path)
    told = json.dumps({**first, **change}) + "\n" + json.dumps(second) + "\n"
    signatures_path(path).write_text(told)
    with pytest.raises(MandateError, match="line 1"):
        read_mandate(path, now=NOW)


def test_two_passkeys_of_one_account_beside_a_mandate_are_one_person(path: Path) -> None:
    """Whoever writes the file of signatures adds one that no command would have made."""
    passkey_signs(path, "M. Head", HEAD)
    own = signatures_path(path).read_text()
    signatures_path(path).unlink()
    passkey_signs(path, "N. Deputy", Device.of(20, account=HEAD.account))
    with signatures_path(path).open("a") as file:
        file.write(own)
    assert not standing_of(read_mandate(path, now=NOW), now=NOW).signed


def test_a_signature_in_anothers_name_or_of_anothers_account_is_told(path: Path) -> None:
    mandate = signed(path)
    same_account = Device.of(21, account=HEAD.account)
    for signers in (
        known(M_Head=EVE, N_Deputy=DEPUTY),
        known(Z_Other=HEAD, N_Deputy=DEPUTY),
        known(Z_Other=same_account, N_Deputy=DEPUTY),
        (replace(known(M_Head=HEAD)[0], role="minister"), *known(N_Deputy=DEPUTY)),
    ):
        with pytest.raises(ApprovalError, match="from outside"):
            standing_of(mandate, now=NOW, signers=signers)


SIGNER = '[[signer]]\nname = "{}"\nrole = "director"\npublic_key = "{}"\n'


def test_a_list_of_signers_names_passkeys_each_person_once(tmp_path: Path) -> None:
    listed = tmp_path / "signers.toml"
    listed.write_text(SIGNER.format("M. Head", HEAD.text) + SIGNER.format("N.", DEPUTY.text))
    assert [each.public_key for each in read_signers(listed)] == [HEAD.text, DEPUTY.text]
    other = Device.of(20, account=HEAD.account).text
    for bad in (SIGNER.format("N.", other), SIGNER.format("N.", HEAD.text[:-1])):
        listed.write_text(SIGNER.format("M. Head", HEAD.text) + bad)
        with pytest.raises(InputError, match="signer 2"):
            read_signers(listed)
