"""Gather what a drafted instrument gives to its certificate, and what a case may cite of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from cautery.errors import InputError
from cautery.messages import tr, word
from cautery.model import Instrument, InstrumentKind, Statement, iso
from cautery.model.forms import WITHHELD, Fact, Form, Value
from cautery.model.marking import strictest
from cautery.model.records import Entry, MoneyTraced
from cautery.operation.asked import asked_of
from cautery.operation.money.freezing import newest_of_each_method
from cautery.operation.money.places import sum_of
from cautery.operation.sharing import citable
from cautery.operation.targets import spelling
from cautery.workflows.forms.chosen import About
from cautery.workflows.forms.of_persons import unspoken
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.holdings import picture, records_of_statements

Facts = dict[str, Fact]
CITED = "instrument.facts"


def instrument_facts(desk: Desk, form: Form, about: About) -> Facts:
    """Return what the draft that a form is about says; of a form that is about none, nothing.

    Raises
    ------
    InputError
        If there is no such draft, or it is not said which of several.
    """
    if form.instrument is None:
        return {}
    entry, draft = chosen_draft(desk, form.instrument, about.instrument)
    boxes = asked_of(draft.holds)
    values: dict[str, Value] = {
        "instrument.id": draft.id,
        "instrument.addressee": draft.addressee,
        "instrument.states": draft.country.replace("/", ", "),
        "instrument.holds": draft.holds,
        "instrument.ipv4": boxes.ipv4,
        "instrument.ipv6": boxes.ipv6,
        "instrument.names": boxes.names,
        "instrument.accounts": boxes.accounts,
        "instrument.others": boxes.others,
        "instrument.grounds": draft.grounds,
        "instrument.basis": draft.basis,
        "instrument.drafted": iso(draft.drafted_at),
        "instrument.emergency": draft.emergency,
    }
    if draft.kind is not InstrumentKind.JIT:  # which has addressees of several States
        values["instrument.country"] = draft.country
    if draft.lapses_at is not None:
        values["instrument.lapses"] = iso(draft.lapses_at)
    facts = {name: Fact(value=value, records=(entry.index,)) for name, value in values.items()}
    if any(form_field.from_ == CITED for form_field in form.fields):
        facts |= _cited(desk, draft)
    return facts | _amounts(desk, draft)


def chosen_draft(
    desk: Desk, kind: InstrumentKind, asked_id: str | None
) -> tuple[Entry, Instrument]:
    """Return the draft that a paper is about, with its record.

    Raises
    ------
    InputError
        If there is none, it is of another kind, or several could be meant.
    """
    drafts = {draft.id: (entry, draft) for entry, draft in desk.contents(Instrument)}
    listed = f"cautery operation instrument list {desk.case.path} lists them."
    if asked_id is not None:
        if asked_id not in drafts:
            raise InputError(f"this case has no draft {asked_id[:40]!r}", hint=listed)
        entry, draft = drafts[asked_id]
        if draft.kind is not kind:
            raise InputError(
                f"the draft {draft.id} is a {draft.kind.value}, and this form is of a {kind.value}"
            )
        return entry, draft
    of_kind = [pair for pair in drafts.values() if pair[1].kind is kind]
    if not of_kind:
        raise InputError(
            f"this case has no draft of a {kind.value}",
            hint="Draft one: cautery operation instrument draft --help",
        )
    if len(of_kind) > 1:
        raise InputError(
            f"this case has {len(of_kind)} drafts of a {kind.value}: say which one",
            hint=f"Give --instrument ID; {listed}",
        )
    return of_kind[0]


def _amounts(desk: Desk, draft: Instrument) -> Facts:
    """Return what the traces show at an addressee whom their records name: a service."""
    traces = newest_of_each_method(traced for _, traced in desk.contents(MoneyTraced))
    by_asset: dict[str, list[Decimal]] = {}
    for traced in traces:
        at_addressee: dict[str, list[Decimal]] = {}
        for proposal in traced.proposals:
            if (
                proposal.kind is InstrumentKind.FREEZING
                and proposal.addressee == draft.addressee
                and proposal.asset is not None
                and proposal.amount is not None
            ):
                at_addressee.setdefault(proposal.asset, []).append(proposal.amount)
        for asset, amounts in at_addressee.items():
            by_asset.setdefault(asset, []).append(sum_of(amounts))
    if not by_asset:
        return {}
    records = [entry.index for entry, traced in desk.contents(MoneyTraced) if traced in traces]
    texts = tuple(
        span_words(min(amounts), max(amounts), asset) for asset, amounts in sorted(by_asset.items())
    )
    return {"instrument.amounts": Fact(value=texts, records=tuple(records))}


def span_words(at_least: Decimal, at_most: Decimal, asset: str) -> str:
    """Return a sum of the trail in words, as an interval where conventions disagree."""
    if at_least == at_most:
        return tr("at most %(amount)s %(asset)s", amount=f"{at_most:f}", asset=asset)
    return tr(
        "%(least)s to %(most)s %(asset)s", least=f"{at_least:f}", most=f"{at_most:f}", asset=asset
    )


def _cited(desk: Desk, draft: Instrument) -> Facts:
    """Return what may be cited of what a draft asks for, and how many statements may not."""
    targets = {spelling(hold) for hold in draft.holds}
    about_it = [statement for statement in picture(desk) if spelling(statement.subject) in targets]
    names_erased = unspoken(desk)
    cited = [
        statement
        for statement in about_it
        if citable(statement, by=desk.agency) and not names_erased(statement)
    ]
    fact = Fact(
        value=tuple(_cited_words(cited)),
        records=statement_records(desk, cited),
        exhibits=tuple(
            dict.fromkeys(exhibit for statement in cited for exhibit in statement.exhibits)
        ),
        marking=strictest(statement.marking for statement in cited),
    )
    return {CITED: fact, WITHHELD: Fact(value=len(about_it) - len(cited))}


def statement_records(desk: Desk, statements: Iterable[Statement]) -> tuple[int, ...]:
    """Return the numbers of the records that brought statements to a desk, in order."""
    entries = records_of_statements(desk)
    keys = {(statement.by, statement.id) for statement in statements}
    return tuple(sorted({entries[key].index for key in keys if key in entries}))


def _cited_words(statements: Iterable[Statement]) -> Iterator[str]:
    for statement in statements:
        yield (
            f"{statement.subject}: {statement.text} ({statement.by}, {statement.at:%Y-%m-%d}, "
            f"{word(statement.kind)}{_evaluated(statement)})"
        )


def _evaluated(statement: Statement) -> str:
    evaluation = evaluation_of(statement)
    return f", {evaluation}" if evaluation else ""


def evaluation_of(statement: Statement) -> str:
    """Return the evaluation of a statement, such as ``A1``; empty where nobody evaluated it."""
    source, accuracy = statement.marking.source, statement.marking.accuracy
    return "" if source is None and accuracy is None else f"{source or '-'}{accuracy or '-'}"
