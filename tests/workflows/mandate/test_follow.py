"""A mandate says what may be followed, by what, for what and until when; two people sign that."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from tests.lists import MANDATE

from cautery.act import terms_digest, terms_of
from cautery.act.mandate_terms import terms_lines
from cautery.errors import MandateError
from cautery.model import FollowPolicy, LookedAt, Mandate
from cautery.workflows.mandate.draft import Draft
from cautery.workflows.mandate.read import read_mandate

NOW = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
HEAD = """\
[mandate]
id = "m"
who = "Example League"
regime = "gdpr"
legal_basis = "rights"
start = 2026-11-24T20:30:00Z
end = 2027-11-25T00:00:00Z
territories = ["FR"]
"""
TABLE = """\
[follow]
cases = ["0123456789abcdef"]
purposes = ["find what grows back"]
look_at = ["passive-dns", "watch"]
review = 2027-03-01
end = 2027-11-24
"""
POLICY = FollowPolicy(
    cases=("0123456789abcdef",),
    purposes=("find what grows back",),
    look_at=(LookedAt.PASSIVE_DNS, LookedAt.WATCH),
    review=date(2027, 3, 1),
    end=date(2027, 11, 24),
)


def read(tmp_path: Path, text: str) -> Mandate:
    path = tmp_path / "mandate.toml"
    path.write_text(text)
    return read_mandate(path, now=NOW)


def test_a_mandate_that_only_follows_names_no_event_and_finds_nothing(tmp_path: Path) -> None:
    mandate = read(tmp_path, HEAD + TABLE)
    assert mandate.follow == POLICY
    assert not mandate.may_find
    with pytest.raises(MandateError, match="nothing to find"):
        read(tmp_path, HEAD)


def test_the_terms_have_it_and_those_of_other_mandates_stay_as_they_were() -> None:
    assert "follow" not in terms_of(MANDATE)
    window = replace(MANDATE.window, end=datetime(2028, 1, 1, tzinfo=UTC))
    whole = replace(MANDATE, window=window, follow=POLICY)
    for key, value in (
        ("cases", ("f" * 16,)),
        ("purposes", ("another",)),
        ("look_at", (LookedAt.WATCH,)),
        ("review", date(2027, 3, 2)),
        ("end", date(2027, 11, 25)),
    ):
        changed = replace(whole, follow=replace(POLICY, **{key: value}))
        assert terms_digest(changed) != terms_digest(whole), key
    shown = "\n".join(terms_lines(terms_of(whole)))
    assert "0123456789abcdef" in shown
    assert "2027-03-01" in shown


@pytest.mark.parametrize("key", ["cases", "purposes", "look_at", "review", "end"])
def test_a_table_without_one_of_its_keys_is_refused(tmp_path: Path, key: str) -> None:
    table = "".join(
        line for line in TABLE.splitlines(keepends=True) if not line.startswith(f"{key} ")
    )
    with pytest.raises(MandateError, match=f"it has no {key}"):
        read(tmp_path, HEAD + table)


@pytest.mark.parametrize(
    ("was", "now", "error"),
    [
        ('"0123456789abcdef"', '"0123456789ABCDEF"', "is not the id of a case"),
        ("2027-11-24", "2027-02-01", "the review comes after the end"),
        ("2027-11-24", "2029-01-01", "it is not within the mandate"),
        ("2027-03-01", "2026-01-01", "it is not within the mandate"),
        ('"watch"', '"telephone"', "look_at"),
        ("[follow]", '[follow]\npersons = ["Anna"]', "is not known here"),
    ],
)
def test_a_table_that_cannot_stand_is_refused_with_its_line(
    tmp_path: Path, was: str, now: str, error: str
) -> None:
    with pytest.raises(MandateError, match="line ") as refused:
        read(tmp_path, HEAD + TABLE.replace(was, now))
    assert error in str(refused.value)


def test_a_draft_writes_the_table_once_and_reads_it_back(tmp_path: Path) -> None:
    draft = Draft(tmp_path / "mandate.toml", NOW)
    draft.tables["mandate"] = [
        {
            "id": "m",
            "who": "Example League",
            "regime": "gdpr",
            "legal_basis": "rights",
            "start": datetime(2026, 11, 24, 20, 30, tzinfo=UTC),
            "end": datetime(2027, 11, 25, tzinfo=UTC),
            "territories": ["FR"],
        }
    ]
    draft.add(
        "follow",
        {
            "cases": ["0123456789abcdef"],
            "purposes": ["find what grows back"],
            "look_at": ["passive-dns", "watch"],
            "review": date(2027, 3, 1),
            "end": date(2027, 11, 24),
        },
    )
    assert draft.text().count("[follow]") == 1
    assert "[[follow]]" not in draft.text()
    assert draft.mandate().follow == POLICY
