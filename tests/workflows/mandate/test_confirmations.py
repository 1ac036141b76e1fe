"""Rules that nobody has read refuse until an approver confirms them with a source."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cautery.act.confirmed import rule_under
from cautery.act.rules import confirm_rule, require_confirmed, rules_for
from cautery.errors import ApprovalError, InputError, MandateError
from cautery.model import Mandate, from_json, to_json
from cautery.workflows.mandate.confirmations import (
    add_confirmation,
    confirmations_path,
)
from cautery.workflows.mandate.gaps import gaps_of
from cautery.workflows.mandate.read import read_mandate

NOW = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
KEYS = {name: Ed25519PrivateKey.from_private_bytes(name.encode() * 32) for name in "AB"}
HEAD = """\
[mandate]
id = "m"
who = "Example League"
regime = "gdpr"
legal_basis = "rights"
start = 2026-11-24T20:30:00Z
end = 2026-11-24T23:00:00Z
territories = ["DE"]
[[work]]
id = "own-1"
title = "A Film"
[[order]]
id = "o"
authority = "Landgericht"
territory = "DE"
kind = "standing"
start = 2026-08-01T00:00:00Z
targets_rule = "named sites"
[[intermediary]]
name = "Provider"
territory = "DE"
list_url = "https://provider.example/list"
"""


def public(name: str) -> str:
    return base64.b64encode(KEYS[name].public_key().public_bytes_raw()).decode()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    approvers = "".join(
        f'[[approver]]\nname = "{name}"\nrole = "legal"\npublic_key = "{public(name)}"\n'
        for name in KEYS
    )
    (tmp_path / "mandate.toml").write_text(HEAD + approvers)
    return tmp_path / "mandate.toml"


def read(path: Path) -> Mandate:
    return read_mandate(path, now=NOW)


def confirm(path: Path, rule: str = "de-standing", *, by: str = "A", key: str = "A") -> None:
    mandate = read(path)
    add_confirmation(
        path, mandate, rule=rule_under(mandate, rule), source="UrhDaG, section 1, read today",
        name=by, key=KEYS[key], now=NOW,
    )  # fmt: skip


def test_a_rule_refuses_until_an_approver_has_confirmed_it(path: Path) -> None:
    rule, *others = rules_for("DE", read(path).orders[0].kind)
    assert "gap.unconfirmed" in [gap.id for gap in gaps_of(read(path))]
    with pytest.raises(ApprovalError, match="not verified"):
        require_confirmed(rule, lab=False, confirmed=read(path).confirmed)
    confirm(path)
    require_confirmed(rule, lab=False, confirmed=read(path).confirmed)
    assert read(path).confirmed == {"de-standing": "UrhDaG, section 1, read today"}
    [gap] = [gap for gap in gaps_of(read(path)) if gap.id == "gap.unconfirmed"]
    assert gap.values["rules"] == "de-decide-standing"
    for other in others:
        confirm(path, other.id)
    assert "gap.unconfirmed" not in [gap.id for gap in gaps_of(read(path))]


def test_a_confirmation_is_part_of_what_a_case_records(path: Path) -> None:
    confirm(path)
    mandate = read(path)
    assert from_json(Mandate, to_json(mandate)).confirmed == mandate.confirmed


def test_only_an_approver_with_the_own_key_confirms_and_only_what_needs_it(path: Path) -> None:
    with pytest.raises(ApprovalError, match="'C' is not an approver"):
        confirm(path, by="C")
    with pytest.raises(ApprovalError, match="not the key of B"):
        confirm(path, by="B", key="A")
    with pytest.raises(ApprovalError, match="has a source already: S19"):
        confirm(path, "it-93-2023")
    with pytest.raises(InputError, match="there is no rule 'at-live'"):
        confirm(path, "at-live")
    assert not confirmations_path(path).exists()


def test_a_confirmation_without_a_source_is_none(path: Path) -> None:
    mandate = read(path)
    with pytest.raises(ApprovalError, match="names the source"):
        confirm_rule(
            rule_under(mandate, "de-standing"), mandate="m", source=" ",
            approver=mandate.approvers[0], key=KEYS["A"], at=NOW,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("source", "something else"),
        ("rule", "fr-standing"),
        ("name", "B"),
        ("name", "C"),
        ("at", "2026-11-25T20:00:00.000000Z"),
        ("public_key", "AAAA"),
        ("signature", "no base64"),
    ],
)
def test_a_confirmation_that_was_edited_is_refused_with_its_line(
    path: Path, key: str, value: str
) -> None:
    confirm(path)
    beside = confirmations_path(path)
    beside.write_text(json.dumps({**json.loads(beside.read_text()), key: value}) + "\n")
    with pytest.raises(MandateError, match=r"mandate\.toml\.confirmations, line 1"):
        read(path)


def test_a_confirmation_counts_under_its_own_mandate_alone(path: Path) -> None:
    confirm(path)
    path.write_text(path.read_text().replace('id = "m"', 'id = "n"', 1))
    with pytest.raises(MandateError, match="does not verify"):
        read(path)


def test_a_rule_that_was_written_anew_is_confirmed_anew(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    confirm(path)
    rule = rule_under(read(path), "de-standing")
    monkeypatch.setattr(
        "cautery.act.confirmed.rule_under",
        lambda *_: replace(rule, text="another text"),
    )
    assert read(path).confirmed == {}
