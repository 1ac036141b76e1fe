"""Gather the statements that another agency may see: what a message to it can say."""

from __future__ import annotations

from cautery.errors import InputError
from cautery.messages import tr, word
from cautery.model import Agency, HandlingCode, Marking, Statement
from cautery.model.forms import WITHHELD, Fact, Form, Need, Row
from cautery.model.marking import strictest
from cautery.operation.targets import spelling
from cautery.workflows.forms.chosen import About
from cautery.workflows.forms.of_instrument import evaluation_of, statement_records
from cautery.workflows.forms.of_persons import unspoken
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.holdings import standing
from cautery.workflows.operation.share import would_share

Facts = dict[str, Fact]
SHOWN_DIGITS = 12
"""Digits of a statement's id: as many name it in every command."""


def recipient_of(desk: Desk, form: Form, about: About) -> Agency | None:
    """Return the agency that a paper goes to; ``None``: the form goes to none at the table.

    Raises
    ------
    InputError
        If it needs one and none is named, or it is the desk's own or not at the table.
    """
    if Need.RECIPIENT not in form.needs:
        return None
    if about.to is None:
        raise InputError(
            f"the form {form.id} goes to an agency at the table: say to which one",
            hint="Give --to ID; the file of the operation names the agencies.",
        )
    recipient = desk.operation.agency(about.to)
    if recipient.id == desk.agency.id:
        raise InputError(f"{recipient.id} is this case's own agency, so it needs no message")
    return recipient


def statement_facts(desk: Desk, recipient: Agency, about: About) -> Facts:
    """Return what a recipient may be told, and how many statements are kept from it.

    The markings are applied where they are for bundles
    (:func:`~cautery.operation.sharing.releasable`). What the recipient stated itself counts
    neither way.
    """
    subjects = {spelling(f"host:{host}") for host in about.hosts} | set(about.persons)
    bundle = would_share(desk, recipient.id, at=about.at, everything=True)
    names_erased = unspoken(desk)
    released = [
        statement
        for statement in bundle.statements
        if not names_erased(statement) and (not subjects or spelling(statement.subject) in subjects)
    ]
    statements_here = [
        row.statement
        for row in standing(desk)
        if row.statement.by != recipient.id
        and (not subjects or spelling(row.statement.subject) in subjects)
    ]
    keys = {(statement.by, statement.id) for statement in released}
    marking = strictest(statement.marking for statement in released)
    exhibits = tuple(
        dict.fromkeys(exhibit for statement in released for exhibit in statement.exhibits)
    )
    records = statement_records(desk, released)
    facts = {
        "recipient.name": Fact(value=recipient.name, records=(0,)),
        "recipient.country": Fact(value=recipient.country, records=(0,)),
        "recipient.contact": Fact(value=recipient.contact, records=(0,)),
        "statement.list": Fact(
            value=tuple(_row(statement) for statement in released),
            records=records,
            exhibits=exhibits,
            marking=marking,
        ),
        WITHHELD: Fact(
            value=sum((statement.by, statement.id) not in keys for statement in statements_here)
        ),
    }
    if marking is not None and marking.handling:
        facts["statement.handling"] = Fact(value=handling_words(marking), marking=marking)
    if exhibits:
        facts["exhibit.digests"] = Fact(
            value=exhibits, records=records, exhibits=exhibits, marking=marking
        )
    return facts


def handling_words(marking: Marking) -> tuple[str, ...]:
    """Return the handling codes of a marking, each with what it means."""
    meanings = {
        HandlingCode.H0: tr("only to prevent and combat crime"),
        HandlingCode.H1: tr("not in judicial proceedings without the provider's permission"),
        HandlingCode.H2: tr("not passed on without the provider's permission"),
        HandlingCode.H3: marking.h3_text or "",
    }
    return tuple(f"{code.value}: {meanings[code]}" for code in sorted(marking.handling))


def _row(statement: Statement) -> Row:
    return {
        "id": statement.id[:SHOWN_DIGITS],
        "by": statement.by,
        "subject": statement.subject,
        "text": statement.text,
        "kind": word(statement.kind),
        "evaluation": evaluation_of(statement),
        "marking": statement.marking.words,
        "at": f"{statement.at:%Y-%m-%d %H:%M}Z",
    }
