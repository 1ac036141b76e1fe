"""Gather what the traces of money of a case give to a paper; a trace that is opened is logged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from cautery.errors import InputError
from cautery.json_text import parsed_json
from cautery.messages import say, term, tr, tr_n
from cautery.model import from_json, iso
from cautery.model.forms import Fact, Form, Need, Row
from cautery.model.message import Message
from cautery.model.records import CrimeFound, Entry, MoneyTraced, TraceOpened
from cautery.operation.money.freezing import (
    FreezingSum,
    freezing_sums,
    kept_proposals,
    newest_of_each_method,
)
from cautery.operation.money.trail import Hop, Proposal, Trace
from cautery.workflows.forms.chosen import About
from cautery.workflows.operation.desk import Desk

Facts = dict[str, Fact]
_SUPPLIED_ACCOUNT = "account:"
"""Before an account of a bank in supplied transactions."""
_MOST_NAMED = 5
"""Accounts that a row names; more are counted."""


def money_facts(desk: Desk, form: Form, about: About) -> Facts:
    """Return what the newest trail of a case shows, by each convention that it was traced by.

    Raises
    ------
    InputError
        If no money was traced, or nobody is named who reads the accounts.
    ErasedError
        If the key of a trace was destroyed.
    """
    if Need.MONEY not in form.needs:
        return {}
    pairs = list(desk.contents(MoneyTraced))
    if not pairs:
        raise InputError(
            f"the form {form.id} needs a trace of money, and this case has none",
            hint="cautery operation money TRANSFERS --from PURCHASE.toml --case CASE",
        )
    about.require_reader("opening a trail of money")
    newest = newest_of_each_method(traced for _, traced in pairs)
    newest_pairs = [pair for pair in pairs if any(pair[1] is traced for traced in newest)]
    traces = [_opened(desk, traced, form, about) for _, traced in newest_pairs][::-1]
    records, exhibits = (
        _records_of(newest_pairs),
        tuple(traced.exhibits[0] for _, traced in newest_pairs),
    )
    first = traces[0]
    rows: dict[str, tuple[str, ...] | tuple[Row, ...]] = {
        "money.methods": tuple(trace.method for trace in traces),
        "money.entered": tuple(
            f"{amount:f} {asset}" for asset, amount in sorted(first.entered.items())
        ),
        "money.proposals": tuple(_proposal_rows(freezing_sums(traces))),
        "money.keeps": tuple(_keep_row(proposal) for proposal in kept_proposals(first)),
        "money.accounts": tuple(_account_rows(first)),
        "money.hops": tuple(_hop_rows(first)),
    }
    facts = {
        name: Fact(value=value, records=records, exhibits=exhibits) for name, value in rows.items()
    }
    return facts | _findings(desk)


def _opened(desk: Desk, traced: MoneyTraced, form: Form, about: About) -> Trace:
    reader = about.require_reader("opening a trail of money")
    sealed = traced.exhibits[0]
    # Recorded before it is read: a trail that cannot be logged is not shown.
    desk.record(
        TraceOpened(exhibit=sealed, form=form.id, why=reader.why, who=reader.who), at=about.at
    )
    return from_json(Trace, parsed_json(desk.case.vault.open(sealed, subject=traced.subject)))


def _records_of(pairs: Iterable[tuple[Entry, MoneyTraced]]) -> tuple[int, ...]:
    return tuple(entry.index for entry, _ in pairs)


def _proposal_rows(sums: Iterable[FreezingSum]) -> Iterator[Row]:
    ranks: dict[str, int] = {}
    for row in sums:
        ranks[row.asset] = ranks.get(row.asset, 0) + 1
        yield {
            "rank": str(ranks[row.asset]),
            "addressee": row.addressee,
            "asset": row.asset,
            "at_least": f"{row.at_least:f}",
            "at_most": f"{row.at_most:f}",
            "balance": "" if row.balance is None else f"{row.balance:f}",
            "methods": ", ".join(row.methods),
            "holds": _named(row.holds),
            "grounds": _named(row.grounds),
        }


def _keep_row(proposal: Proposal) -> Row:
    return {
        "addressee": proposal.addressee,
        "holds": _named(proposal.holds),
        "grounds": say(proposal.grounds),
    }


def _named(messages: Iterable[Message]) -> str:
    texts = [say(message) for message in messages]
    if len(texts) > _MOST_NAMED:
        rest_words = tr_n("%(count)s more", "%(count)s more", len(texts) - _MOST_NAMED)
        texts = [*texts[:_MOST_NAMED], rest_words]
    return "; ".join(texts)


def _account_rows(trace: Trace) -> Iterator[Row]:
    """Yield each account at which the trail ends or which holds its money."""
    labels = {node.id: node.label for node in trace.nodes}
    for ending in trace.endings:
        institution = ending.ask or labels.get(ending.node, ending.node)
        for address in ending.addresses:
            yield _account(
                institution,
                address,
                ending.asset,
                ending.amount,
                among=len(ending.addresses),
                why=say(ending.why),
            )
    kinds = {node.id: node.kind for node in trace.nodes}
    for holding in trace.holdings:
        is_own = kinds.get(holding.node) in {"wallet", "account"}
        for address in holding.addresses:
            yield _account(
                "" if is_own else labels.get(holding.node, holding.node),
                address,
                holding.asset,
                holding.tainted,
                among=len(holding.addresses),
                why=tr("holds money of the trail"),
            )


def _account(
    institution: str, address: str, asset: str, amount: Decimal, *, among: int, why: str
) -> Row:
    return {
        "institution": institution,
        "account": address.removeprefix(_SUPPLIED_ACCOUNT),
        "asset": asset,
        "amount": f"{amount:f}" if among == 1 else "",
        "sum": tr_n(
            "%(amount)s %(asset)s of the trail at %(count)s account",
            "%(amount)s %(asset)s of the trail at %(count)s accounts",
            among,
            amount=f"{amount:f}",
            asset=asset,
        ),
        "why": why,
    }


def _hop_rows(trace: Trace) -> Iterator[Row]:
    labels = {node.id: node.label for node in trace.nodes}
    for hop in trace.hops:
        yield _hop_row(hop, labels)


def _hop_row(hop: Hop, labels: Mapping[str, str]) -> Row:
    return {
        "from": labels.get(hop.source, hop.source),
        "to": labels.get(hop.target, hop.target),
        "asset": hop.asset,
        "amount": f"{hop.amount:f}",
        "first": iso(hop.first),
        "last": iso(hop.last),
        "count": str(len(hop.transfers) or 1),
    }


def _findings(desk: Desk) -> Facts:
    """Return the links to other crimes that this desk's own agency has stated."""
    crimes = [
        (entry, crime) for entry, crime in desk.contents(CrimeFound) if crime.by == desk.agency.id
    ]
    if not crimes:
        return {}
    rows = tuple(
        {"crime": say(term("crime", crime.crime)), "text": crime.text} for _, crime in crimes
    )
    return {"finding.list": Fact(value=rows, records=tuple(entry.index for entry, _ in crimes))}
