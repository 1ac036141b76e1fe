"""The proposals of a following as rows: for a table, for JSON, and for a person who decides."""

from __future__ import annotations

from typing import Any

from cautery.act.descents import decision_subject, proposal_digest
from cautery.act.four_words import four_words
from cautery.messages import say, word
from cautery.model import iso
from cautery.model.descent import Reason, TraitKind
from cautery.model.records import DescendantProposed, LeftOut
from cautery.projections.following import Descendant, Following

_LONGEST = 60
"""Letters of a trait's value in a table."""


def reason_text(reason: Reason) -> str:
    """Return a reason in words: what is shared, or what differs, and its weight."""
    shared = value_text(reason.kind, reason.value) if reason.value else "another one"
    return f"{word(reason.kind)}: {shared} ({reason.weight:+.1f})"


def value_text(kind: TraitKind, value: str) -> str:
    """Return a trait's value, shortened.

    Examples
    --------
    >>> value_text(TraitKind.CATALOGUE_ORDER, "arena 1|arena 2|sport 7")
    'arena 1, arena 2 ... (3 titles)'
    """
    if kind is TraitKind.CATALOGUE_ORDER:
        titles = value.split("|")
        ending = f" ... ({len(titles)} titles)" if len(titles) > 2 else ""
        return ", ".join(titles[:2]) + ending
    return value if len(value) <= _LONGEST else value[: _LONGEST - 1] + "\N{HORIZONTAL ELLIPSIS}"


def probability_text(probability: float) -> str:
    """Return a probability, never as certain.

    Examples
    --------
    >>> probability_text(0.99999), probability_text(0.5)
    ('over .999', '.500')
    """
    return "over .999" if probability > 0.999 else f"{probability:.3f}".removeprefix("0")


def row_of(descendant: Descendant) -> dict[str, Any]:
    """Return a proposal as ``--json`` prints it."""
    proposed, decided = descendant.proposed, descendant.decided
    proposal = proposed.proposal
    return {
        "id": proposed.id,
        "entity": proposal.entity,
        "of": proposal.of,
        "either": list(proposal.either),
        "probability": round(proposal.probability, 6),
        "log_odds": round(proposal.log_odds, 3),
        "reasons": [
            {
                "kind": reason.kind.value,
                "value": reason.value,
                "weight": round(reason.weight, 3),
            }
            for reason in proposal.reasons
        ],
        "first_knowable": proposal.first_knowable.isoformat(),
        "proposed_on": proposal.proposed_on.isoformat(),
        "state": descendant.state.value,
        "decided": None
        if decided is None
        else {
            "by": decided.approval.approver,
            "role": decided.approval.role,
            "at": iso(decided.approval.at),
            "why": decided.why,
        },
        "record": descendant.entry.index,
        "exhibits": list(proposed.exhibits),
    }


def cells_of(descendant: Descendant, *, reasons: int = 3) -> tuple[str, ...]:
    """Return a proposal as a row of a table, with its weightiest reasons."""
    proposal = descendant.proposed.proposal
    further = len(proposal.reasons) - reasons
    lines = [reason_text(reason) for reason in proposal.reasons[:reasons]]
    return (
        descendant.proposed.id,
        proposal.entity,
        probability_text(proposal.probability),
        proposal.first_knowable.isoformat(),
        proposal.proposed_on.isoformat(),
        descendant.state.value,
        "\n".join([*lines, f"and {further} more"] if further > 0 else lines),
    )


COLUMNS = ("id", "entity", "probability", "first knowable", "proposed", "state", "reasons")


def to_decide(proposed: DescendantProposed, *, confirmed: bool, why: str) -> str:
    """Return all that a decision signs, for the person who signs it."""
    proposal = proposed.proposal
    subject = decision_subject(proposal_digest(proposed), confirmed=confirmed, why=why)
    lines = [
        f"proposal     {proposed.id}, proposed on {proposal.proposed_on}",
        f"entity       {proposal.entity}",
        f"descends of  {' or '.join((proposal.of, *proposal.either))}",
        f"probability  {probability_text(proposal.probability)}",
        *(f"because      {reason_text(reason)}" for reason in proposal.reasons),
        f"your word    {'it is a descendant' if confirmed else 'it is no descendant'}",
        f"your reason  {why}",
        "This teaches the odds. It is no evidence, and allows no act.",
        "",
        f"four words      {four_words(subject)}",
        f"digest to sign  {subject}",
    ]
    return "\n".join(lines)


def not_counted(following: Following) -> dict[str, int]:
    """Return how many records of a following count for nothing, by the reason."""
    return {say(left.why): left.count for left in LeftOut.of(following.passed_over)}
