"""The statement of continuity of seized exhibits: each link as the register has it, and what is open."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.workflows.operation.test_exhibits import NOON, desk, exhibit, handed  # noqa: F401

from cautery.errors import InputError
from cautery.messages import in_language
from cautery.model import CustodyAct
from cautery.model.forms import FACTS, Filled, Misfit, fill
from cautery.model.forms.values import value_of
from cautery.workflows.forms.catalogue import form_named
from cautery.workflows.forms.chosen import About
from cautery.workflows.forms.of_operation import facts_of_operation
from cautery.workflows.forms.of_register import register_facts
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.register_exhibits import move_exhibit, register_exhibit

FORM = form_named("court/seized-continuity")


def filled(of: Desk) -> Filled:
    return fill(FORM, facts_of_operation(of, FORM, About(at=NOON + timedelta(days=1))), {})


def gaps(of: Desk) -> Any:
    return filled(of).value("gaps")


def test_each_link_of_custody_is_told_with_who_when_where_and_why(desk: Desk) -> None:  # noqa: F811
    register_exhibit(desk, exhibit())
    move_exhibit(desk, handed())
    rows = filled(desk).value("links")
    assert rows == (
        {
            "number": "IT-0001", "at": "2024-11-26 12:00:00", "act": "seized",
            "giver": "data centre, hall 2", "taker": "it-postal/4471",
            "place": "data centre, hall 2", "reason": "seized in search S-1",
            "seal": "SEAL-IT-0001",
        },
        {
            "number": "IT-0001", "at": "2024-11-26 13:00:00", "act": "handed over",
            "giver": "it-postal/4471", "taker": "exhibits officer", "place": "Questura",
            "reason": "to the store", "seal": "SEAL-IT-0001",
        },
    )  # fmt: skip
    things: Any = filled(desk).value("exhibits")
    [thing] = things
    assert (thing["holder"], thing["state"]) == ("exhibits officer", "held")


def test_a_transfer_that_one_agency_alone_states_is_named_as_open(desk: Desk) -> None:  # noqa: F811
    register_exhibit(desk, exhibit())
    link = handed(act=CustodyAct.TRANSFERRED, taker="hr-police/7", to_agency="hr-police")
    move_exhibit(desk, link)
    says = "Exhibit IT-0001: one agency alone states its transfer of 2024-11-26 13:00:00 UTC"
    assert any(gap.startswith(says) for gap in gaps(desk))
    move_exhibit(desk, replace(link, stated_by="hr-police"))
    assert not any(gap.startswith(says) for gap in gaps(desk))


def test_every_fact_of_the_register_is_of_its_kind(desk: Desk) -> None:  # noqa: F811
    register_exhibit(desk, exhibit())
    with in_language("it"):
        facts: Any = register_facts(desk)
    for name, fact in facts.items():
        assert value_of(FACTS[name].kind, fact.value) == fact.value, name
        for row in fact.value if FACTS[name].columns else ():
            assert tuple(row) == FACTS[name].columns, name
    assert facts["register.exhibits"].value[0]["state"] == "detenuto"


def test_an_empty_register_fills_nothing(desk: Desk) -> None:  # noqa: F811
    missing = {fault.field for fault in filled(desk).faults if fault.why is Misfit.MISSING}
    assert {"exhibits", "links"} <= missing


def test_the_case_of_an_operation_gives_no_statement_of_a_watch(desk: Desk) -> None:  # noqa: F811
    form = form_named("court/exhibits-list")
    with pytest.raises(InputError, match="needs a verdict of a watch"):
        facts_of_operation(desk, form, About(at=NOON))
