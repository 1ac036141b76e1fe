"""A mandate is signed by two people outside, byte for byte, and a case says who they are."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cautery.act import standing_of, terms_digest
from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import FixedClock
from cautery.adapters.keys_file import KeyFolder
from cautery.errors import ApprovalError, CauteryError, EvidenceError, InputError, MandateError
from cautery.model import (
    Approver,
    KeyedPseudonyms,
    Mandate,
    MandateSignature,
    Work,
    digest_of,
    from_json,
    to_json,
)
from cautery.model.ledger import append
from cautery.model.records import CaseOpened
from cautery.workflows.case.close import close_case
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.open import open_case
from cautery.workflows.case.opening import opening_of, signed_in
from cautery.workflows.case.verify import verify_case
from cautery.workflows.guard.overrides import read_overrides
from cautery.workflows.mandate.read import read_mandate, read_with_bytes
from cautery.workflows.mandate.signatures import add_signature, signatures_path
from cautery.workflows.mandate.signers import read_signers
from cautery.workflows.watch.opening import begin_case

ROOT = Path(__file__).parents[3]
NOW = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
KEYS = {
    name: Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32)
    for n, name in enumerate(("M. Head", "N. Deputy", "Mallory", "A. Legal"), 1)
}


def public(name: str) -> str:
    return base64.b64encode(KEYS[name].public_key().public_bytes_raw()).decode()


TEXT = f"""\
[mandate]
id = "md34"
who = "League «Nord»"
regime = "gdpr"
legal_basis = "rights"
start = 2026-11-24T19:30:00Z
end = 2026-11-24T23:00:00Z
territories = ["FR"]

[[event]]
id = "e"
name = "Home v Away"
kick_off = 2026-11-24T20:45:00Z

[[channel]]
id = "c"
names = ["Sport 1"]
event = "e"

[[order]]
id = "o"
authority = "Court"
territory = "FR"
start = 2026-11-01T00:00:00Z
end = 2026-12-01T00:00:00Z
targets_rule = "services"

[[approver]]
name = "A. Legal"
role = "legal"
public_key = "{public("A. Legal")}"

[[source]]
url = "http://panel.example/"
kind = "xtream"
access = "test-purchase"
receipt = "no. 7"
username = "u"
password = "guess-me"
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "mandate.toml"
    path.write_text(TEXT)
    return path


def sign(path: Path, name: str, *, key: str | None = None, now: datetime = NOW) -> None:
    mandate, raw = read_with_bytes(path, now=NOW)
    add_signature(
        path,
        mandate,
        raw=raw,
        shown=digest_of(raw),
        name=name,
        role="director",
        key=KEYS[key or name],
        now=now,
    )


def signed(path: Path) -> Mandate:
    sign(path, "M. Head")
    sign(path, "N. Deputy")
    return read_mandate(path, now=NOW)


def known(*names: str) -> tuple[Approver, ...]:
    return tuple(Approver(name=one, role="director", public_key=public(one)) for one in names)


def test_two_people_sign_and_everybody_is_told_who_they_are(path: Path) -> None:
    standing = standing_of(signed(path), now=NOW)
    assert (standing.signed, standing.vouched) == (True, None)
    assert standing.words == (
        f"signed by M. Head (director, key {public('M. Head')}) and "
        f"N. Deputy (director, key {public('N. Deputy')}); nobody vouches here for these keys"
    )


def test_one_signature_is_none_and_is_said(path: Path) -> None:
    sign(path, "M. Head")
    standing = standing_of(read_mandate(path, now=NOW), now=NOW)
    assert not standing.signed
    assert standing.words.startswith("unsigned: only M. Head")


def test_a_mandate_without_signatures_is_read_as_ever(path: Path) -> None:
    mandate = read_mandate(path, now=NOW)
    assert standing_of(mandate, now=NOW).words == "unsigned: nobody has signed this mandate"


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("M. Head", "Mallory"),
        ("m.  head", "Mallory"),
        ("\N{FULLWIDTH LATIN CAPITAL LETTER M}. Head", "Mallory"),
        ("Mallory", "M. Head"),
        (" . ", "Mallory"),
    ],
)
def test_one_person_does_not_sign_twice_by_name_or_by_key(path: Path, name: str, key: str) -> None:
    sign(path, "M. Head")
    with pytest.raises(ApprovalError):
        sign(path, name, key=key)
    assert len(read_mandate(path, now=NOW).signatures) == 1


def test_a_file_that_is_not_the_one_shown_is_not_signed(path: Path) -> None:
    mandate, raw = read_with_bytes(path, now=NOW)
    shown = digest_of(raw + b"\n")
    with pytest.raises(ApprovalError, match="differs from the file that was shown"):
        add_signature(
            *(path, mandate),
            raw=raw,
            shown=shown,
            name="M. Head",
            role="r",
            key=KEYS["M. Head"],
            now=NOW,
        )
    assert not signatures_path(path).exists()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[mandate]", "# \n[mandate]"),
        ("A. Legal", "Mallory"),
        ("http://panel.example/", "http://evil.example/"),
        ("guess-me", "guess-him"),
        ("2026-12-01", "2027-12-01"),
    ],
)
def test_no_byte_of_a_signed_mandate_changes(path: Path, old: str, new: str) -> None:
    signed(path)
    path.write_text(TEXT.replace(old, new))
    with pytest.raises(MandateError, match="signed a different file"):
        read_mandate(path, now=NOW)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(one) for one in signatures_path(path).read_text().splitlines()]


@pytest.mark.parametrize(
    "change",
    [
        {"name": "Mallory"},
        {"role": "minister"},
        {"at": "2026-11-24T19:59:00.000000Z"},
        {"public_key": public("Mallory")},
        {"public_key": base64.b64encode(bytes(32)).decode()},
        {"signature": base64.b64encode(bytes(64)).decode()},
        {"signature": "no base64"},
        {"terms": "sha256:" + "0" * 64},
        {"file": "sha256:" + "0" * 64},
        {"salt": "00" * 32},
        {"salt": ""},
        {"salt": 5},
        {"at": "soon"},
    ],
)
def test_a_signature_with_one_thing_changed_is_refused(path: Path, change: dict[str, Any]) -> None:
    signed(path)
    first, second = lines(path)
    told = json.dumps({**first, **change}) + "\n" + json.dumps(second) + "\n"
    signatures_path(path).write_text(told)
    with pytest.raises(MandateError, match="line 1"):
        read_mandate(path, now=NOW)


@pytest.mark.parametrize(
    "junk", [b"{}\n", b"[]\n", b"5\n", b"\xff\n", b"[" * 30_000, b"x" * 70_000]
)
def test_a_file_of_signatures_that_is_none_is_refused(path: Path, junk: bytes) -> None:
    signatures_path(path).write_bytes(junk)
    with pytest.raises(MandateError, match="signatures"):
        read_mandate(path, now=NOW)


def test_a_signature_of_tomorrow_is_refused(path: Path) -> None:
    sign(path, "M. Head", now=NOW + timedelta(days=1))
    with pytest.raises(MandateError, match="in the future"):
        read_mandate(path, now=NOW)


def test_the_same_signature_twice_is_one_person(path: Path) -> None:
    sign(path, "M. Head")
    with signatures_path(path).open("a") as file:
        file.write(json.dumps(lines(path)[0]) + "\n")
    assert not standing_of(read_mandate(path, now=NOW), now=NOW).signed


def test_the_recorded_signature_does_not_let_anybody_try_passwords(path: Path) -> None:
    mandate = signed(path)
    recorded = json.dumps(to_json(mandate.signatures))
    plain = hashlib.sha256(path.read_bytes()).hexdigest()
    assert plain not in recorded
    assert all(one["salt"] not in recorded for one in lines(path))


def test_keys_from_outside_vouch_for_two_signers(path: Path) -> None:
    mandate = signed(path)
    assert standing_of(mandate, now=NOW, signers=known("M. Head", "N. Deputy")).vouched
    some = standing_of(mandate, now=NOW, signers=known("M. Head", "Mallory"))
    assert (some.vouched, "fewer than two" in some.words) == (False, True)


@pytest.mark.parametrize("field", ["name", "public_key"])
def test_somebody_who_signs_in_anothers_name_or_with_anothers_key_is_told(
    path: Path, field: str
) -> None:
    mandate = signed(path)
    (head,) = known("M. Head")
    other = {"name": "Z. Other"} if field == "public_key" else {"public_key": public("Mallory")}
    with pytest.raises(ApprovalError, match="from outside"):
        standing_of(mandate, now=NOW, signers=(replace(head, **other), *known("N. Deputy")))


SIGNER = '[[signer]]\nname = "{}"\nrole = "director"\npublic_key = "{}"\n'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[[signer]]\n",
        "signer = 5\n",
        "[[approver]]\n",
        SIGNER.format("A", "AAAA"),
        SIGNER.format("A", base64.b64encode(bytes(32)).decode()),
        SIGNER.format("A", public("M. Head")) + SIGNER.format(" a.", public("N. Deputy")),
        SIGNER.format("A", public("M. Head")) + SIGNER.format("B", public("M. Head")),
        "\x00",
    ],
)
def test_a_list_of_signers_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "signers.toml").write_text(text)
    with pytest.raises(InputError, match=r"signers\.toml"):
        read_signers(tmp_path / "signers.toml")


# -- in a case ----------------------------------------------------------------------------------


def closed_under(mandate: Mandate, tmp_path: Path, *more: tuple[str, Any]) -> Path:
    """Begin a case under a mandate, and close it."""
    case = open_case(
        tmp_path / "case", store=FolderStore(KeyFolder(tmp_path / "keys")), clock=FixedClock(NOW)
    )
    journal = Journal(case.ledger, case.vault, case.clock, pseudonyms=KeyedPseudonyms(b"k" * 32))
    begin_case(mandate, ledger=case.ledger, journal=journal, key=str(case.verifier))
    for kind, body in more:
        journal.write(kind, body)
    close_case(case, at=NOW)
    return case.path


def test_verify_says_who_signed_the_mandate_and_whether_they_are_known(
    path: Path, tmp_path: Path
) -> None:
    case = closed_under(signed(path), tmp_path)
    said = verify_case(case, store=FolderStore())
    assert (said.mandate or "").endswith("nobody vouches here for these keys")
    said = verify_case(case, store=FolderStore(), signers=known("M. Head", "N. Deputy"))
    assert (said.mandate or "").endswith("their keys are known from outside")


def test_of_somebody_who_signed_beside_the_known_signers_it_is_said_that_nobody_vouches(
    path: Path, tmp_path: Path
) -> None:
    signed(path)
    sign(path, "Mallory")
    case = closed_under(read_mandate(path, now=NOW), tmp_path)
    said = verify_case(case, store=FolderStore(), signers=known("M. Head", "N. Deputy"))
    people, _, others = (said.mandate or "").partition("their keys are known from outside; ")
    assert "Mallory" not in people
    assert others == (
        "nobody vouches for those who signed beside them: "
        f"Mallory (director, key {public('Mallory')})"
    )


def test_a_role_in_which_nobody_knows_a_signer_is_refused(path: Path, tmp_path: Path) -> None:
    case = closed_under(signed(path), tmp_path)
    head, deputy = known("M. Head", "N. Deputy")
    with pytest.raises(EvidenceError, match="as 'director', but is known from outside as 'clerk'"):
        verify_case(case, store=FolderStore(), signers=(head, replace(deputy, role="clerk")))


def test_a_signed_mandate_that_somebody_appends_is_not_that_of_the_case(
    path: Path, tmp_path: Path
) -> None:
    """The case of an operation stands under none; anybody with its file can append one."""
    mandate = signed(path)
    case = open_case(
        tmp_path / "case", store=FolderStore(KeyFolder(tmp_path / "keys")), clock=FixedClock(NOW)
    )
    case.ledger.append("operation.opened", {}, at=NOW)
    begun = CaseOpened(mandate=mandate, version="", lab=False, key=str(case.verifier))
    append(case.ledger, begun, at=NOW)
    close_case(case, at=NOW)
    said = verify_case(case.path, store=FolderStore())
    assert said.mandate is None
    assert said.notes == ("record 1 names a mandate, but is not the first record: it is ignored",)
    with pytest.raises(EvidenceError, match="does not name a mandate"):
        verify_case(case.path, store=FolderStore(), signers=known("M. Head", "N. Deputy"))
    ledger = FolderStore().ledger(case.path, read_only=True)
    with pytest.raises(InputError, match="not its first record"):
        opening_of(ledger)
    ledger.close()


def test_verify_refuses_a_mandate_that_the_known_signers_have_not_signed(
    path: Path, tmp_path: Path
) -> None:
    case = closed_under(read_mandate(path, now=NOW), tmp_path)
    assert verify_case(case, store=FolderStore()).mandate == (
        "unsigned: nobody has signed this mandate"
    )
    with pytest.raises(EvidenceError, match="unsigned"):
        verify_case(case, store=FolderStore(), signers=known("M. Head", "N. Deputy"))


@pytest.mark.parametrize(
    "change",
    [
        {"approvers": known("Mallory")},
        {"territories": ("IT",)},
        {"lab": True},
        {"collateral_budget": 9},
        {"orders": ()},
        {"who": "Somebody"},
    ],
)
def test_signatures_do_not_fit_a_case_with_other_terms(
    change: dict[str, Any], path: Path, tmp_path: Path
) -> None:
    case = closed_under(replace(signed(path), **change), tmp_path)
    with pytest.raises(EvidenceError, match="other terms"):
        verify_case(case, store=FolderStore())


def test_what_a_case_hides_of_a_mandate_does_not_break_its_signatures(path: Path) -> None:
    mandate = signed(path)
    body = to_json(mandate)
    body["sources"], body["network"]["rdap"] = [], "http://elsewhere.example/"
    assert terms_digest(from_json(Mandate, body)) == terms_digest(mandate)


@pytest.mark.parametrize(
    "change", [{"territories": ("FR", "IT")}, {"collateral_budget": 9}, {"signatures": ()}]
)
def test_a_case_begun_under_a_signed_mandate_goes_on_under_that_one_alone(
    change: dict[str, Any], path: Path, tmp_path: Path
) -> None:
    mandate = signed(path)
    case = open_case(
        tmp_path / "case", store=FolderStore(KeyFolder(tmp_path / "keys")), clock=FixedClock(NOW)
    )
    key = str(case.verifier)
    journal = Journal(case.ledger, case.vault, case.clock, pseudonyms=KeyedPseudonyms(b"k" * 32))
    begin_case(mandate, ledger=case.ledger, journal=journal, key=key)
    assert signed_in(case.ledger, mandate, key=key) == opening_of(case.ledger).signed_for
    with pytest.raises(InputError, match="signed mandate"):
        signed_in(case.ledger, replace(mandate, **change), key=key)
    case.leave()


def test_a_title_of_the_mandate_is_ours_and_stays_as_it_is(path: Path, tmp_path: Path) -> None:
    work = Work(id="w", title="Call me on +44 20 7946 0958", legal_basis="rights")
    mandate = replace(read_mandate(path, now=NOW), works=(work,))
    case = open_case(
        tmp_path / "case", store=FolderStore(KeyFolder(tmp_path / "keys")), clock=FixedClock(NOW)
    )
    key = str(case.verifier)
    journal = Journal(case.ledger, case.vault, case.clock, pseudonyms=KeyedPseudonyms(b"k" * 32))
    begin_case(mandate, ledger=case.ledger, journal=journal, key=key)
    assert signed_in(case.ledger, mandate, key=key) == opening_of(case.ledger).signed_for
    case.leave()


def test_a_labs_mandate_is_marked_as_one(path: Path) -> None:
    path.write_text(TEXT.replace('territories = ["FR"]', 'territories = ["FR"]\nlab = true'))
    assert standing_of(signed(path), now=NOW).words.startswith("LAB: signed by M. Head")


def guided(case: Path, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """Run the program of the guide that checks who signed the mandate of a case."""
    guide = (ROOT / "docs/howto/check-a-case-without-cautery.md").read_text()
    (script,) = [
        one for one in re.findall(r"```python\n(.*?)```", guide, re.DOTALL) if "signatures" in one
    ]
    work = tmp_path / "work"
    work.mkdir()
    return subprocess.run(
        [sys.executable, "-I", "-c", script],
        cwd=case,
        env={**os.environ, "WORK": str(work)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_guide_checks_the_signatures_without_cautery(path: Path, tmp_path: Path) -> None:
    ran = guided(closed_under(signed(path), tmp_path), tmp_path)
    assert ran.stderr == ""
    assert ran.stdout.splitlines() == [
        f"{name} (director) signed these terms with key {public(name)}"
        for name in ("M. Head", "N. Deputy")
    ]


def test_a_noun_with_a_time_of_no_zone_is_no_signature(path: Path) -> None:
    body = to_json(signed(path).signatures[0]) | {"at": "2026-11-24T19:59:00"}
    with pytest.raises(CauteryError):
        from_json(MandateSignature, body)


@pytest.mark.parametrize("read", [read_signers, read_overrides])
@pytest.mark.parametrize(
    "text", ["x=" + "[" * 5000, "x=" + "9" * 9000, "[" + ".".join("a" * 3000) + "]\nb=1"]
)
def test_a_file_of_people_or_overrides_that_is_made_to_hurt_is_refused(
    tmp_path: Path, read: Callable[[Path], object], text: str
) -> None:
    (tmp_path / "a.toml").write_text(text)
    with pytest.raises(InputError, match=r"a\.toml"):
        read(tmp_path / "a.toml")


@pytest.mark.timeout(20)
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "m.toml")
    for read in (read_signers, read_overrides, lambda path: read_mandate(path, now=NOW)):
        with pytest.raises(InputError, match="neither a file nor a folder"):
            read(tmp_path / "m.toml")
