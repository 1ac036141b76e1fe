"""What a referral's paper still lacks, before anybody is asked to sign."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cautery.cli import render
from cautery.workflows.forms.checking import fault_words
from cautery.workflows.forms.tickets import Ticket


def ticket_lines(tickets: Iterable[Ticket]) -> Iterator[str]:
    """Yield a line for each paper that a referral becomes."""
    for ticket in tickets:
        yield render.printable(f"paper      {ticket.words}")


def ticket_members(ticket: Ticket) -> dict[str, object]:
    """Return a paper as JSON: which form, and each fault of it."""
    faults = ticket.filled.faults
    return {
        "form": ticket.form.id,
        "verified": ticket.form.verified,
        "papers": ticket.papers,
        "complete": ticket.filled.is_complete,
        "faults": [{"field": fault.field, "why": fault.why.value} for fault in faults],
        "words": [fault_words(ticket.form, fault) for fault in faults],
    }
