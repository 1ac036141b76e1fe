"""A calendar alone lets no fixture in: people do, by name, and only what they were shown."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cautery.act.fixture_signatures import fixtures_to_sign
from cautery.errors import ApprovalError, MandateError
from cautery.model import Approver, Mandate, digest_of
from cautery.model.season import SeasonFixture
from cautery.workflows.mandate.fixture_approvals import (
    MOST_BYTES,
    FixtureApprovals,
    approvals_path,
    approve_fixtures,
    list_fixtures,
    listed_fixtures,
    read_approvals,
)
from cautery.workflows.mandate.read import read_with_bytes
from cautery.workflows.mandate.signatures import add_signature

NOW = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
KEYS = {name: Ed25519PrivateKey.from_private_bytes(name.encode() * 32) for name in "ABMNX"}
MANDATE = """\
[mandate]
id = "league"
who = "Example League"
regime = "gdpr"
legal_basis = "rights"
start = 2026-11-24T00:00:00Z
end = 2026-12-24T00:00:00Z
territories = ["DE"]
[[event]]
id = "own"
name = "A match of the file itself"
kick_off = 2026-11-27T19:00:00Z
[[fixtures]]
path = "league.ics"
"""
CALENDAR = """\
BEGIN:VCALENDAR
BEGIN:VEVENT
UID:md1
SUMMARY:Home v Away
DTSTART:20261128T190000Z
END:VEVENT
BEGIN:VEVENT
UID:md2
SUMMARY:North v South
DTSTART:20261205T190000Z
END:VEVENT
END:VCALENDAR
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    approvers = "".join(
        f'[[approver]]\nname = "{name}"\nrole = "legal"\npublic_key = "{_public(name)}"\n'
        for name in "AB"
    )
    (tmp_path / "league.ics").write_text(CALENDAR)
    file = tmp_path / "league.toml"
    file.write_text(MANDATE + approvers)
    return file


def _public(name: str) -> str:
    return base64.b64encode(KEYS[name].public_key().public_bytes_raw()).decode()


def read(path: Path) -> Mandate:
    return read_with_bytes(path, now=NOW)[0]


def approvals(path: Path) -> FixtureApprovals:
    return read_approvals(path, read(path), now=NOW)


def approve(path: Path, *fixtures: SeasonFixture, name: str = "A", key: str = "A") -> None:
    approve_fixtures(
        path,
        read(path),
        fixtures,
        shown=fixtures_to_sign(fixtures),
        name=name,
        key=KEYS[key],
        now=NOW,
    )


def sign_mandate(path: Path, name: str) -> None:
    mandate, raw = read_with_bytes(path, now=NOW)
    signature = add_signature(
        path,
        mandate,
        raw=raw,
        shown=digest_of(raw),
        name=name,
        role="director",
        key=KEYS[name],
        now=NOW,
    )
    list_fixtures(path, mandate, signature, key=KEYS[name], now=NOW)


def test_a_fixture_of_the_mandates_own_file_needs_nobody(path: Path) -> None:
    [own] = [event for event in read(path).events if event.watched is None]
    found = approvals(path)
    assert {what[0] for what in found.by_file} == {own.id} == {"own"}


def test_a_calendar_alone_lets_nothing_in(path: Path) -> None:
    found = approvals(path)
    assert len(listed_fixtures(read(path))) == 2
    assert not any(found.allow(each) for each in listed_fixtures(read(path)))


def test_what_two_people_signed_with_the_mandate_is_of_its_season(path: Path) -> None:
    sign_mandate(path, "M")
    assert not any(approvals(path).allow(each) for each in listed_fixtures(read(path)))
    sign_mandate(path, "N")
    found = approvals(path)
    assert all(found.allow(each) for each in listed_fixtures(read(path)))
    assert [given.approval.approver for given in found.of(listed_fixtures(read(path))[0])] == [
        "M",
        "N",
    ]


def test_a_fixture_that_came_after_the_signatures_waits_until_one_approver_signs(
    path: Path,
) -> None:
    sign_mandate(path, "M")
    sign_mandate(path, "N")
    calendar = path.with_name("league.ics")
    calendar.write_text(CALENDAR.replace("END:VCALENDAR", "") + LATER)
    [later] = [each for each in listed_fixtures(read(path)) if each.id == "md3"]
    assert not approvals(path).allow(later)
    approve(path, later)
    assert approvals(path).allow(later)


LATER = """\
BEGIN:VEVENT
UID:md3
SUMMARY:East v West
DTSTART:20261212T190000Z
END:VEVENT
END:VCALENDAR
"""


def test_a_fixture_that_is_moved_stays_approved_and_one_with_another_name_does_not(
    path: Path,
) -> None:
    first, _ = listed_fixtures(read(path))
    approve(path, first)
    found = approvals(path)
    assert found.allow(replace(first, kick_off=first.kick_off + timedelta(days=2)))
    assert not found.allow(replace(first, name="Somebody else's match"))
    assert not found.allow(replace(first, legal_basis="another right"))


def test_nothing_is_signed_but_what_was_shown(path: Path) -> None:
    first, second = listed_fixtures(read(path))
    with pytest.raises(ApprovalError, match="differ from those that were shown"):
        approve_fixtures(
            path,
            read(path),
            [first, second],
            shown=fixtures_to_sign([first]),
            name="A",
            key=KEYS["A"],
            now=NOW,
        )
    assert not approvals_path(path).exists()


def test_a_stranger_and_a_wrong_key_approve_nothing(path: Path) -> None:
    first, _ = listed_fixtures(read(path))
    with pytest.raises(ApprovalError, match="not an approver"):
        approve(path, first, name="M", key="M")
    with pytest.raises(ApprovalError, match="not the key of A"):
        approve(path, first, name="A", key="B")
    assert not approvals_path(path).exists()


def test_no_approval_reaches_beyond_the_mandates_window(path: Path) -> None:
    first, _ = listed_fixtures(read(path))
    outside = replace(first, kick_off=NOW + timedelta(days=400))
    with pytest.raises(ApprovalError, match="outside the mandate's window"):
        approve(path, outside)


def test_a_line_that_was_forged_or_moved_from_another_mandate_counts_for_nothing(
    path: Path,
) -> None:
    first, second = listed_fixtures(read(path))
    approve(path, first)
    line = json.loads(approvals_path(path).read_text())
    line["fixture"] = json.loads(json.dumps(line["fixture"])) | {"id": second.id}
    forged = json.dumps(line)
    with approvals_path(path).open("a") as beside:
        beside.write(forged + "\n{not json\n[]\n")
    found = approvals(path)
    assert found.allow(first)
    assert not found.allow(second)
    assert [text.split(":")[0] for text in found.passed_over] == [
        f"league.toml.fixtures, line {number}" for number in (2, 3, 4)
    ]
    # The same approvals beside a mandate with other terms.
    path.write_text(path.read_text().replace('territories = ["DE"]', 'territories = ["FR"]'))
    assert not approvals(path).allow(first)


def test_an_approval_of_tomorrow_does_not_count(path: Path) -> None:
    first, _ = listed_fixtures(read(path))
    approve(path, first)
    early = read_approvals(path, read(path), now=NOW - timedelta(hours=1))
    assert not early.allow(first)


def test_a_file_of_approvals_without_an_end_is_refused(path: Path) -> None:
    with approvals_path(path).open("wb") as beside:
        beside.truncate(MOST_BYTES + 1)
    with pytest.raises(MandateError, match="larger than"):
        approvals(path)


def known(*names: str) -> tuple[Approver, ...]:
    return tuple(Approver(name=name, role="director", public_key=_public(name)) for name in names)


def test_a_stranger_who_also_signed_the_mandate_lets_nothing_in(path: Path) -> None:
    sign_mandate(path, "M")
    sign_mandate(path, "X")
    first, _ = listed_fixtures(read(path))
    assert approvals(path).allow(first), "nobody has said who may sign"
    found = read_approvals(path, read(path), now=NOW, known_signers=known("M", "N"))
    assert not found.allow(first)
    assert all("X" in why for why in found.passed_over)
    assert len(found.passed_over) == 2
    sign_mandate(path, "N")
    found = read_approvals(path, read(path), now=NOW, known_signers=known("M", "N"))
    assert [given.approval.approver for given in found.of(first)] == ["M", "N"]


def test_who_signs_in_a_known_name_with_another_key_is_told(path: Path) -> None:
    sign_mandate(path, "M")
    impostor = replace(known("M")[0], public_key=known("N")[0].public_key)
    with pytest.raises(ApprovalError, match="known from outside"):
        read_approvals(path, read(path), now=NOW, known_signers=[impostor])


def test_an_approver_needs_no_place_in_the_list_of_signers(path: Path) -> None:
    first, _ = listed_fixtures(read(path))
    approve(path, first)
    assert read_approvals(path, read(path), now=NOW, known_signers=known("M", "N")).allow(first)
