"""The course of an operation in its lead's case: who joined, what was cut, sized and served.

Statements, bundles, exhibits and the day's steps have workflows of their own; here stands the
rest that the page of an operation is made of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from cautery.errors import InputError
from cautery.model import Entry, Estimate, from_json, iso, require_utc, to_json
from cautery.plan import Cut
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.picture import Picture
from cautery.workflows.sizing.size import Sizing

JOINED = "operation.joined"
CUT = "operation.cut"
SERVED = "operation.served"
SIZED = "operation.sized"
PUBLISHED = "operation.published"
GREW_BACK = "operation.grew-back"
HAPPENED = "operation.happened"
QUANTITIES = ("users", "payers", "revenue")
"""What a sizing states, in this order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A published figure, as one compares it; ``low`` and ``high`` are what it says in numbers."""

    id: str
    what: str
    value: str
    source: str
    low: float | None = None
    high: float | None = None
    kind: str = "reported"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedShare:
    """The share of demand that is still served, 0 to 1, and who says so.

    ``by`` is ``plan`` (removed nodes in the picture: the least that the picture proves) or
    ``probe`` (our own probes of what viewers get).
    """

    at: datetime
    share: float
    by: str

    def __post_init__(self) -> None:
        require_utc("at", self.at)
        if not 0 <= self.share <= 1:
            raise InputError(f"served share: {self.share} is not between 0 and 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class GrewBack:
    """An asset found after the day that carries on what was taken.

    ``probability`` is that of its membership in the network of ``like``, ``why`` what joins them.
    """

    at: datetime
    asset: str
    like: str
    country: str | None
    traits: tuple[str, ...]
    probability: float
    why: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        require_utc("at", self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """Something of the outside world that belongs on the timeline: an event, a raid, a block."""

    at: datetime
    kind: str
    text: str
    country: str = ""
    until: date | None = None

    def __post_init__(self) -> None:
        require_utc("at", self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class SizedNetwork:
    """A sizing as it is recorded: intervals by quantity, by source, by country; and the claims."""

    month: date
    occasion: str
    inner: tuple[Estimate, ...]
    outer: tuple[Estimate, ...]
    sources: tuple[Estimate, ...]
    countries: dict[str, Estimate] = field(default_factory=dict)
    claims: tuple[dict[str, object], ...] = ()
    words: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()


def sized_in(entry: Entry) -> SizedNetwork:
    """Return the sizing of a record.

    Raises
    ------
    InputError, KeyError, ValueError
        If it has not the three quantities, or a claim without its members.
    """
    sized = from_json(SizedNetwork, entry.record.body)
    if not len(sized.inner) == len(sized.outer) == len(QUANTITIES):
        raise InputError(f"a sizing has {len(QUANTITIES)} quantities: {', '.join(QUANTITIES)}")
    for claim in sized.claims:
        float(str(claim["value"]))
        for member in ("text", "quantity", "flagged", "words", "source"):
            claim[member]
    return sized


def record_joined(desk: Desk, agency: str, *, at: datetime) -> None:
    """Record that an agency joined the table.

    Raises
    ------
    InputError
        If it is not the operation's.
    """
    desk.record(JOINED, {"agency": desk.operation.agency(agency).id, "at": iso(at)}, at=at)


def record_cut(desk: Desk, cut: Cut, picture: Picture, *, at: datetime) -> None:
    """Record the chosen acts, what they leave of the picture, and the proven bound."""
    refused: dict[str, int] = {}
    for act in cut.refused:
        refused[act.why or "not allowed"] = refused.get(act.why or "not allowed", 0) + 1
    desk.record(
        CUT,
        {
            "chosen": [
                {"act": act.id, "nodes": list(act.nodes), "country": act.country, "cost": act.cost}
                for act in cut.chosen
            ],
            "refused": refused,
            "served_before": cut.served_before,
            "served_after": cut.served_after,
            "cost": cut.cost,
            "bound": cut.bound,
            "method": cut.method,
            "reached": cut.reached,
            "nodes": len(picture.nodes),
            "relations": len(picture.graph.edges),
            "statements": picture.said,
        },
        at=at,
    )


def sized_network(sizing: Sizing, *, occasion: str) -> SizedNetwork:
    """Return what is recorded of a sizing.

    Raises
    ------
    InputError
        If it was made without sources.
    """
    if sizing.month is None:
        raise InputError("a sizing without sources is none of this network")
    together = sizing.reconciled
    return SizedNetwork(
        month=sizing.month,
        occasion=occasion,
        inner=tuple(together.estimate(quantity, coverage=0.90) for quantity in QUANTITIES),
        outer=tuple(together.estimate(quantity, coverage=0.99) for quantity in QUANTITIES),
        sources=tuple(
            estimated
            for method in together.sized
            for quantity in QUANTITIES
            if (estimated := method.estimate(quantity, coverage=0.90)) is not None
        ),
        countries={
            country: together.estimate("users", country=country, coverage=0.90)
            for country in together.countries
        },
        claims=tuple(
            {
                "text": verdict.claim.text,
                "quantity": verdict.claim.quantity,
                "value": verdict.size,
                "flagged": verdict.flagged,
                "words": verdict.words,
                "source": verdict.claim.source,
            }
            for verdict in sizing.judged
        ),
        words=(*sizing.across, *sizing.notes),
        silent=tuple(
            f"{method.method}: {method.reason}"
            for method in together.sized
            if method.reason is not None
        ),
    )


def record_all(desk: Desk, kind: str, nouns: Sequence[object], *, at: datetime) -> None:
    """Record several nouns of one kind at once: all of them or none."""
    desk.case.ledger.append_all([(kind, to_json(noun), at) for noun in nouns])
