"""Gather the facts that an agency's case of an operation gives to a form."""

from __future__ import annotations

from datetime import UTC

from cautery.errors import InputError
from cautery.model import iso
from cautery.model.forms import Fact, Form, Need, Value
from cautery.workflows.forms.chosen import About, refuse_regime
from cautery.workflows.forms.of_instrument import instrument_facts
from cautery.workflows.forms.of_money import money_facts
from cautery.workflows.forms.of_persons import person_facts
from cautery.workflows.forms.of_register import register_facts
from cautery.workflows.forms.of_statements import recipient_of, statement_facts
from cautery.workflows.operation.desk import Desk

Facts = dict[str, Fact]


def facts_of_operation(desk: Desk, form: Form, about: About) -> Facts:
    """Return what an agency's case knows for a form.

    Raises
    ------
    ApprovalError
        If the regime of the operation does not allow the form.
    InputError
        If the form needs a referral or a verdict, which the case of a watch has, or a draft, an
        agency, a person or a trace of money that the case does not have.
    """
    refuse_regime(form, desk.operation.regime)
    if {Need.REFERRAL, Need.VERDICT, Need.CLOSED} & set(form.needs):
        raise InputError(
            f"the form {form.id} needs a verdict of a watch, and this is the case of an operation"
        )
    operation, agency = desk.operation, desk.agency
    values: dict[str, Value] = {
        "case.lab": operation.lab,
        "operation.id": operation.id,
        "operation.name": operation.name,
        "operation.legal_basis": operation.legal_basis,
        "operation.opened_at": iso(operation.opened_at),
        "operation.agencies": tuple(
            {
                "id": member.id,
                "name": member.name,
                "country": member.country,
                "role": member.role.value,
                "contact": member.contact,
            }
            for member in operation.agencies
        ),
        "agency.name": agency.name,
        "agency.country": agency.country,
        "agency.contact": agency.contact,
    }
    facts = {name: Fact(value=value, records=(0,)) for name, value in values.items()}
    facts |= {
        "paper.day": Fact(value=about.at.astimezone(UTC).date().isoformat()),
        "paper.time": Fact(value=iso(about.at)),
    }
    recipient = recipient_of(desk, form, about)
    if recipient is not None:
        facts |= statement_facts(desk, recipient, about)
    if any(field.from_.startswith("register.") for field in form.fields):
        facts |= register_facts(desk)
    facts |= instrument_facts(desk, form, about)
    # Last: what is read here is logged, so nothing may be refused after it that can be before.
    facts |= person_facts(desk, form, recipient, about)
    return facts | money_facts(desk, form, about)
