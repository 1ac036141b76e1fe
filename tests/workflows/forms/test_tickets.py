"""Who looks at a referral reads what its paper lacks, from the referral and its mandate alone."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.form_case import made_case

from cautery.adapters.case_folder import FolderStore
from cautery.messages import in_language
from cautery.workflows.case.referral import filed_referrals
from cautery.workflows.forms.tickets import Ticket, tickets_in

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


def tickets(case: Path) -> tuple[Ticket, ...]:
    with closing(FolderStore().ledger(case, read_only=True)) as ledger:
        (filed,) = filed_referrals(ledger)
        return tickets_in(ledger, filed, at=NOON)


PARTICULARS = {
    "IT": {"reporter": "League", "declared": "univocally"},
    "GB": {"reset": "weekly", "criteria": "Schedule 3", "host_notice": "after a week"},
    "IE": {"reset": "weekly", "host_notice": "at once"},
    "FR": {"calendar": "Ligue 1", "agent": "A. Sworn"},
    "ES": {"reset": "weekly"},
    "PT": {"notice": "dispensed with: live"},
    "DK": {},
}
"""What the order of a country states."""
ANSWERS = {
    "IT": [],
    "GB": ["list_number", "meets_criteria"],
    "IE": ["update_number"],
    "FR": ["contact", "purpose_of_service", "report"],
    "ES": [],
    "PT": [],
    "DK": ["service", "same_content"],
}
"""What only a person knows."""


@pytest.mark.parametrize("territory", PARTICULARS)
def test_what_the_order_states_is_filled_and_only_what_a_person_knows_is_missing(
    territory: str, tmp_path: Path
) -> None:
    particulars = PARTICULARS[territory]
    (ticket,) = tickets(
        made_case(tmp_path, "a.pirate.example", territory=territory, particulars=particulars)
    )
    assert [fault.field for fault in ticket.filled.faults] == ANSWERS[territory]


@pytest.mark.parametrize("territory", PARTICULARS)
def test_each_particular_that_the_order_does_not_state_is_named(
    territory: str, tmp_path: Path
) -> None:
    (ticket,) = tickets(made_case(tmp_path, "a.pirate.example", territory=territory))
    by_fact = {field.from_: field.name for field in ticket.form.fields}
    missing = [fault.field for fault in ticket.filled.faults]
    assert set(missing) - set(ANSWERS[territory]) == {
        by_fact[f"order.{name}"] for name in PARTICULARS[territory]
    }


def test_a_country_of_which_no_form_is_known_has_no_ticket(tmp_path: Path) -> None:
    assert tickets(made_case(tmp_path, "a.pirate.example", territory="NL")) == ()


def test_a_form_with_a_paper_for_each_target_counts_them(tmp_path: Path) -> None:
    targets = ("a.pirate.example", "192.0.2.7", "2001:db8::7")
    (ticket,) = tickets(
        made_case(tmp_path, *targets, territory="FR", particulars=PARTICULARS["FR"])
    )
    assert ticket.papers == 3
    assert ticket.words.startswith("fr/arcom-referral, 3 papers: 3 fields are missing or wrong: ")
    assert ticket.words.endswith("(form unverified)")


def test_the_line_is_in_the_language_of_who_reads(tmp_path: Path) -> None:
    (ticket,) = tickets(made_case(tmp_path, "a.pirate.example", territory="IT"))
    with in_language("it"):
        assert ticket.words == (
            "it/piracy-shield: 2 campi mancano o sono errati: Segnalatore accreditato; "
            "Dichiarato delle risorse: univocamente o prevalentemente illecite "
            "(modulo non verificato)"
        )
