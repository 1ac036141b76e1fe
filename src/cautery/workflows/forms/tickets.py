"""What the paper that a referral becomes still lacks, before anybody is asked to sign.

Only the referral, its order and its mandate are read, so that a page can say it at once. What the
records of a case add (verdicts, who hosts a target) is left to ``cautery form check``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from cautery.act import order_of
from cautery.errors import ApprovalError
from cautery.messages import tr, tr_n
from cautery.model import Mandate, Referral
from cautery.model.forms import Fact, Fault, Filled, Form, Misfit, fill
from cautery.model.ledger import contents
from cautery.model.ports import Ledger
from cautery.workflows.case.opening import Opening, opening_of
from cautery.workflows.case.referral import FiledReferral, mandate_of
from cautery.workflows.forms.catalogue import all_forms
from cautery.workflows.forms.checking import standing_words
from cautery.workflows.forms.chosen import About
from cautery.workflows.forms.of_referral import (
    Facts,
    exhibits_of,
    host_in,
    mandate_facts,
    narrowed,
    paper_facts,
    referral_facts,
    targets_of,
)

_OF_RECORDS = frozenset(("verdict.list", "referral.hosting"))
"""Facts that only the records of a case give."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A paper that a referral becomes, filled as far as referral and mandate go.

    Parameters
    ----------
    form : Form
        The form.
    filled : Filled
        The paper; of a form with a paper for each target, that of one target, with the faults that
        papers of each kind of target have.
    papers : int
        Number of papers.
    """

    form: Form
    filled: Filled
    papers: int = 1

    @property
    def brief(self) -> str:
        """Which form, and how many fields of it are missing, for a table."""
        faults = self.filled.faults
        if not faults:
            return tr("%(form)s: complete", form=self.form.id)
        return tr_n(
            "%(form)s: %(count)s field is missing or wrong",
            "%(form)s: %(count)s fields are missing or wrong",
            len(faults),
            form=self.form.id,
        )

    @property
    def words(self) -> str:
        """One line: which form, and what it lacks."""
        standing = standing_words(self.filled)
        if not self.form.verified:
            standing = tr("%(standing)s (form unverified)", standing=standing)
        if self.papers > 1:
            return tr(
                "%(form)s, %(count)s papers: %(standing)s",
                form=self.form.id,
                count=self.papers,
                standing=standing,
            )
        return tr("%(form)s: %(standing)s", form=self.form.id, standing=standing)


def tickets_in(ledger: Ledger, filed: FiledReferral, *, at: datetime) -> tuple[Ticket, ...]:
    """Return the papers that a referral of a case becomes; see :func:`tickets_of`.

    Raises
    ------
    InputError
        If the case names no mandate.
    """
    drafted = next(
        entry.index
        for entry, referral in contents(ledger, Referral)
        if referral.id == filed.referral.id
    )
    return tickets_of(
        filed, opening_of(ledger), mandate_of(ledger), drafted=drafted, about=About(at=at)
    )


def tickets_of(
    filed: FiledReferral, opening: Opening, mandate: Mandate, *, drafted: int, about: About
) -> tuple[Ticket, ...]:
    """Return the papers that a referral becomes in its country; where none is known, none.

    Parameters
    ----------
    mandate : Mandate
        As it is in force, with the fixtures of its calendars.
    drafted : int
        The record that drafted the referral.
    """
    opened = opening.entry.index
    of_case = paper_facts(opening, about) | mandate_facts(mandate, record=opened)

    def facts_of(part: FiledReferral) -> Facts:
        of_part = referral_facts(part, mandate, drafted=drafted, opened=opened)
        return of_case | of_part | _exhibit_facts(part.referral)

    return tuple(_ticket(form, filed, facts_of, at=about.at) for form in _forms(filed, mandate))


def _forms(filed: FiledReferral, mandate: Mandate) -> Iterator[Form]:
    referral = filed.referral
    try:
        kind = order_of(referral, mandate).kind
    except ApprovalError:
        return
    for form in all_forms():
        fits = form.country == referral.territory.upper() and kind in form.orders
        if form.ticket and fits and mandate.regime in form.regimes:
            yield form


def _ticket(
    form: Form, filed: FiledReferral, facts_of: Callable[[FiledReferral], Facts], *, at: datetime
) -> Ticket:
    # Papers of targets of one kind lack the same: one of each is filled, however many there are.
    alone = {(entry.lever, ":" in entry.target): host_in(entry) for entry in filed.referral.entries}
    parts = [
        narrowed(filed, form, About(at=at, hosts=hosts))
        for hosts in ([(host,) for host in alone.values()] if form.per_target else [()])
    ]
    papers = [fill(form, facts_of(part), {}) for part in parts]
    faults = dict.fromkeys(
        fault for paper in papers for fault in paper.faults if not _is_of_records(form, fault)
    )
    whole = Filled(form=form, fields=papers[0].fields, faults=tuple(faults))
    count = len(targets_of(filed.referral)) if form.per_target else 1
    return Ticket(form=form, filled=whole, papers=count)


def _exhibit_facts(referral: Referral) -> Facts:
    exhibits = exhibits_of(referral)
    rows = tuple({"number": str(number), "digest": name} for number, name in enumerate(exhibits, 1))
    return {
        "exhibit.digests": Fact(value=tuple(map(str, exhibits)), exhibits=exhibits),
        "exhibit.list": Fact(value=rows, exhibits=exhibits),
    }


def _is_of_records(form: Form, fault: Fault) -> bool:
    form_field = form.field(fault.field)
    missing = fault.why is Misfit.MISSING
    return missing and form_field is not None and form_field.from_ in _OF_RECORDS
