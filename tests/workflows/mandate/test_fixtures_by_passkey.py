"""A passkey lets the fixtures of a season in, all that it was shown at once and no other."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.passkeys import PRESENT, SYNCABLE, VERIFIED, Device
from tests.workflows.mandate.test_fixture_approvals import (
    CALENDAR,
    MANDATE,
    NOW,
    approvals,
    read,
    sign_mandate,
)

from cautery.errors import ApprovalError
from cautery.model import Approver, from_json, to_json
from cautery.model.records.seasons import FixtureWatched
from cautery.model.season import SeasonFixture
from cautery.workflows.mandate.fixture_approvals import (
    add_passkey_approval,
    approvals_path,
    listed_fixtures,
    read_approvals,
    season_approver,
    text_for_passkey,
)

ANNA, EVE = Device.of(31), Device.of(32)
TABLE = '[[approver]]\nname = "{}"\nrole = "legal"\npublic_key = "{}"\n'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "league.ics").write_text(CALENDAR)
    file = tmp_path / "league.toml"
    file.write_text(MANDATE + TABLE.format("A", ANNA.text) + TABLE.format("E", EVE.text))
    return file


def passkey_signs(
    path: Path,
    *fixtures: SeasonFixture,
    approver: Approver | None = None,
    device: Device = ANNA,
    used_for: tuple[SeasonFixture, ...] | None = None,
    **how: Any,
) -> None:
    mandate = read(path)
    approver = approver or season_approver(mandate, "A", fixtures)
    text = text_for_passkey(mandate, fixtures, approver=approver, now=NOW)
    add_passkey_approval(
        path,
        mandate,
        used_for or fixtures,
        approver=approver,
        text=text,
        answer=device.signature(text.encode(), **how),
        now=NOW + timedelta(hours=2),
    )


def test_one_signature_lets_all_in_that_were_shown_and_a_case_keeps_it_whole(path: Path) -> None:
    fixtures = listed_fixtures(read(path))
    passkey_signs(path, *fixtures)
    found = approvals(path)
    assert all(found.allow(each) for each in fixtures)
    [given] = found.of(fixtures[1])
    assert (given.approval.approver, given.fixture, len(given.among)) == ("A", fixtures[1], 2)
    record = FixtureWatched(fixture=fixtures[1], approvals=(given,), at=NOW)
    assert from_json(FixtureWatched, json.loads(json.dumps(to_json(record)))) == record


def test_what_was_not_shown_stays_out_and_a_moved_fixture_in(path: Path) -> None:
    home, north = listed_fixtures(read(path))
    passkey_signs(path, home)
    found = approvals(path)
    assert (found.allow(home), found.allow(north)) == (True, False)
    path.with_name("league.ics").write_text(CALENDAR.replace("20261128T19", "20261129T19"))
    assert approvals(path).allow(listed_fixtures(read(path))[0])


BAD = {
    "synced": ({"flags": PRESENT | VERIFIED | SYNCABLE}, "synced"),
    "not verified": ({"flags": PRESENT}, "did not verify"),
    "of another room": ({"origin": "https://other.example"}, "another site"),
    "of another text": ({"challenge": "AAAA"}, "another text"),
    "of another person": ({"device": EVE}, "not of this passkey"),
}


@pytest.mark.parametrize(("how", "match"), BAD.values(), ids=BAD)
def test_an_answer_that_does_not_hold_lets_nothing_in(
    path: Path, how: dict[str, Any], match: str
) -> None:
    with pytest.raises(ApprovalError, match=match):
        passkey_signs(path, *listed_fixtures(read(path)), **how)
    assert not approvals_path(path).exists()


def test_an_answer_for_some_fixtures_is_not_used_for_others(path: Path) -> None:
    home, north = listed_fixtures(read(path))
    with pytest.raises(ApprovalError, match="asked for other fixtures"):
        passkey_signs(path, home, used_for=(north,))
    with pytest.raises(ApprovalError, match="asked for other fixtures"):
        passkey_signs(path, home, used_for=(home, north))
    assert not approvals_path(path).exists()


@pytest.mark.parametrize("change", ["more", "other", "none", "single"])
def test_a_line_that_somebody_changed_counts_for_nothing(path: Path, change: str) -> None:
    home, north = listed_fixtures(read(path))
    passkey_signs(path, home)
    line = json.loads(approvals_path(path).read_text())
    if change == "more":
        line["fixtures"].append(to_json(north))
    elif change == "other":
        line["fixtures"] = [to_json(north)]
    elif change == "none":
        line["fixtures"] = []
    else:  # as if it were signed under this fixture alone
        line = {"fixture": to_json(north), "approval": line["approval"]}
    approvals_path(path).write_text(json.dumps(line) + "\n")
    found = approvals(path)
    assert not found.allow(north)
    assert len(found.passed_over) == 1


def test_two_signers_of_the_mandate_let_in_what_they_signed_with_it_one_with_a_passkey(
    path: Path,
) -> None:
    fixtures = listed_fixtures(read(path))
    sign_mandate(path, "M")
    mandate = read(path)
    # who signs the mandate with a passkey is in its signatures, as the command puts it there
    other = replace(mandate.signatures[0], name="N", public_key=EVE.text)
    signer = Approver(name="N", role="director", public_key=EVE.text)
    passkey_signs(path, *fixtures, approver=signer, device=EVE)
    both = replace(mandate, signatures=(*mandate.signatures, other))
    found = read_approvals(path, both, now=NOW)
    assert [given.approval.approver for given in found.of(fixtures[0])] == ["M", "N"]
    assert not approvals(path).allow(fixtures[0])


def test_two_passkeys_of_one_account_are_one_person_here_too(path: Path) -> None:
    fixtures = listed_fixtures(read(path))
    sign_mandate(path, "M")
    mandate = read(path)
    first, second = EVE, Device.of(33, account=EVE.account)
    signatures = []
    for name, device in (("N", first), ("O", second)):
        signer = Approver(name=name, role="director", public_key=device.text)
        passkey_signs(path, *fixtures, approver=signer, device=device)
        signatures.append(replace(mandate.signatures[0], name=name, public_key=device.text))
    by_one = replace(mandate, signatures=tuple(signatures))
    assert not read_approvals(path, by_one, now=NOW).allow(fixtures[0])
