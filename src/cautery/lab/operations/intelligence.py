"""What each agency learns over the months: a biased, overlapping part of the supply graph."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from cautery.lab.operations.chance import chance, token
from cautery.lab.operations.network import Supply
from cautery.lab.operations.shapes import MONTHS
from cautery.lab.operations.spec import Purchase, WorldPerson
from cautery.model import (
    Agency,
    AgencyRole,
    HandlingCode,
    Json,
    LedCategory,
    Marking,
    Pap,
    Statement,
    StatementKind,
    Tlp,
)

# Chances that an agency learns of an asset; judgement. The bias is the point: nobody sees all.
_AT_HOME = 0.72
_ABROAD = 0.06
_LEAD_ABROAD = 0.10
_SUPPORT_ANYWHERE = 0.12
_INDUSTRY = {"storefront": 0.55, "edge": 0.45, "panel": 0.15, "payment": 0.3, "origin": 0.1}
_ORPHAN_SEEN = 0.9
"""An asset in a country without an agency at the table is found by the lead or Europol."""

_TLP = ((Tlp.GREEN, 0.20), (Tlp.AMBER, 0.57), (Tlp.AMBER_STRICT, 0.15), (Tlp.RED, 0.08))
_RELATION_WORDS = "needs"


def draw_intelligence(
    net: Supply,
    agencies: Sequence[Agency],
    persons: Sequence[WorldPerson],
    purchases: Sequence[Purchase],
    *,
    moment: datetime,
    seed: int,
) -> tuple[Statement, ...]:
    """Draw all statements before the day, sorted by time.

    ``details`` of an asset: id, kind, value, role, country, cost and, of demand, ``weight`` (users,
    a count). Of a link: ``source`` is needed by ``target``; ``needs`` is the number of target's
    group and ``k`` how many of the group must be up. Of a person: pseudonym, role, country,
    category, ``runs``. Of a payment: the recorded purchase.
    """
    writer = _Writer(seed, agencies, moment)
    by_node = _who_sees(net, agencies, writer.rng)
    for node, observers in by_node.items():
        for agency in observers:
            writer.asset(net, node, agency)
    for person in persons:
        for agency in _know_person(person, agencies, writer.rng):
            writer.person(person, agency)
    by_id = {agency.id: agency for agency in agencies}
    for purchase in purchases:
        writer.payment(purchase, by_id[purchase.agency])
    return tuple(sorted(writer.made, key=lambda statement: (statement.at, statement.id)))


def _who_sees(
    net: Supply, agencies: Sequence[Agency], rng: np.random.Generator
) -> dict[str, list[Agency]]:
    police = [
        agency for agency in agencies if agency.role in {AgencyRole.LEAD, AgencyRole.PARTICIPANT}
    ]
    lead = next(agency for agency in agencies if agency.role is AgencyRole.LEAD)
    covered = {agency.country for agency in police}
    dice = rng.random((len(net.types), len(agencies)))
    by_node: dict[str, list[Agency]] = {}
    for row, (node, kind) in enumerate(net.types.items()):
        place = net.places[node]
        observers = []
        for column, agency in enumerate(agencies):
            if agency.role is AgencyRole.INDUSTRY:
                odds = _INDUSTRY.get(kind, 0.0)
            elif agency.role is AgencyRole.SUPPORT:
                odds = _SUPPORT_ANYWHERE
            elif agency.role is AgencyRole.COORDINATION:
                odds = 0.0  # Eurojust investigates nothing
            elif agency.country == place:
                odds = _AT_HOME
            elif agency is lead:
                odds = _ORPHAN_SEEN if place not in covered else _LEAD_ABROAD
            else:
                odds = _ABROAD
            if kind == "demand" and agency.country != place and agency is not lead:
                odds = 0.0
            if dice[row, column] < odds:
                observers.append(agency)
        by_node[node] = observers
    return by_node


def _know_person(
    person: WorldPerson, agencies: Sequence[Agency], rng: np.random.Generator
) -> list[Agency]:
    if person.category is not LedCategory.SUSPECT:
        return [next(agency for agency in agencies if agency.role is AgencyRole.LEAD)]
    odds = [
        (agency, 0.0 if agency.role in {AgencyRole.INDUSTRY, AgencyRole.COORDINATION} else 0.08)
        for agency in agencies
    ]
    observers = [
        agency
        for agency, chance_ in odds
        if rng.random() < (0.8 if agency.country == person.country else chance_) and chance_ > 0
    ]
    # "102 suspects identified" [S10]: in the end somebody knows of each.
    return observers or [next(agency for agency in agencies if agency.role is AgencyRole.LEAD)]


class _Writer:
    """Writes statements: their time, marking, recipients, and a number that reveals nothing."""

    def __init__(self, seed: int, agencies: Sequence[Agency], moment: datetime) -> None:
        self.rng = chance(seed, "intelligence")
        self.seed = seed
        self.made: list[Statement] = []
        self.start = datetime(MONTHS[0].year, MONTHS[0].month, 3, 8, 0, tzinfo=UTC)
        self.span_s = int((moment - timedelta(days=10) - self.start).total_seconds())
        self.lead = next(agency for agency in agencies if agency.role is AgencyRole.LEAD)
        self.ids = [agency.id for agency in agencies if agency.role is not AgencyRole.INDUSTRY]
        tlps, odds = [tlp for tlp, _ in _TLP], [weight for _, weight in _TLP]
        count = 4096
        self._tlp = [tlps[n] for n in self.rng.choice(len(tlps), p=odds, size=count).tolist()]
        self._dice = self.rng.random((count, 6)).tolist()
        self._markings = [
            _marking(tlp, dice) for tlp, dice in zip(self._tlp, self._dice, strict=True)
        ]
        self._turn = 0

    def asset(self, net: Supply, node: str, agency: Agency) -> None:
        """Say that an asset is there, and then what it needs."""
        kind, _, name = node.partition(":")
        its = net.types[node]
        role = net.assets[node].role.value if node in net.assets else "demand"
        details: dict[str, object] = {
            "id": node,
            "kind": kind,
            "value": name,
            "role": role,
            "type": its,
            "country": net.places[node],
            "cost": net.costs.get(node),
        }
        text = f"{its} {name} in {net.places[node]}"
        if node in net.weights:
            # An agency's own guess of how many buy there: off by about a quarter; a count.
            guess = net.weights[node] * float(np.exp(0.25 * self.rng.standard_normal()))
            details["weight"] = max(1, round(guess))
            text = f"customers in {net.places[node]} of {name.partition('/')[2]}"
        traits = net.traits.get(node)
        if traits:
            details["traits"] = traits
        if node in net.untouchable:
            details["untouchable"] = net.untouchable[node]
        at = self._when()
        self._say(agency, node, "asset", text, details, at=at)
        for number, (members, k) in enumerate(net.groups[node]):
            for member in members:
                self._say(
                    agency,
                    node,
                    "link",
                    f"{name} needs {member.partition(':')[2]}",
                    {
                        "source": member,
                        "relation": _RELATION_WORDS,
                        "target": node,
                        "needs": number,
                        "k": k,
                    },
                    at=at + timedelta(hours=1 + number),
                )

    def person(self, person: WorldPerson, agency: Agency) -> None:
        """Say who runs what, under the pseudonym."""
        sure = self.rng.random() < 0.6 or person.category is not LedCategory.SUSPECT
        self._say(
            agency,
            person.pseudonym,
            "person",
            f"{person.pseudonym}: {person.role}, {person.country}",
            {
                "pseudonym": person.pseudonym,
                "role": person.role,
                "country": person.country,
                "category": person.category.value,
                "runs": list(person.runs[:12]),
            },
            at=self._when(),
            kind=StatementKind.FACT if sure else StatementKind.ASSESSMENT,
        )

    def payment(self, purchase: Purchase, agency: Agency) -> None:
        """Say where a recorded test purchase went."""
        self._say(
            agency,
            purchase.storefront,
            "payment",
            f"test purchase {purchase.id}: {purchase.price.amount} {purchase.price.currency} by "
            f"{purchase.channel}, on the statement as {purchase.descriptor}",
            {
                "purchase": purchase.id,
                "storefront": purchase.storefront,
                "channel": purchase.channel,
                "amount": str(purchase.price.amount),
                "currency": purchase.price.currency,
                "descriptor": purchase.descriptor,
                "provider": purchase.provider,
                "account": purchase.account,
                "wallet": purchase.wallet,
                "transfer": purchase.transfer,
            },
            at=purchase.at,
        )

    def _when(self) -> datetime:
        # Early months bring little, the last ones most: square root of a uniform draw.
        share = float(np.sqrt(self.rng.random()))
        return self.start + timedelta(seconds=int(share * self.span_s))

    def _say(
        self,
        agency: Agency,
        subject: str,
        about: str,
        text: str,
        details: Json,
        *,
        at: datetime,
        kind: StatementKind = StatementKind.FACT,
    ) -> None:
        turn = self._turn
        self._turn += 1
        marking, is_addressed, pick = self._markings[turn % len(self._markings)]
        to: frozenset[str] = frozenset()
        if is_addressed:
            recipients = [name for name in self.ids if name != agency.id]
            addressees = {recipients[(pick + n * 3) % len(recipients)] for n in range(1 + pick % 3)}
            if pick % 5:  # one in five keeps it from the lead
                addressees.add(self.lead.id)
            to = frozenset(addressees - {agency.id})
        self.made.append(
            Statement(
                id=token(self.seed, "statement", agency.id, turn, length=24),
                by=agency.id,
                subject=subject,
                about=about,
                text=text,
                kind=kind,
                marking=marking,
                at=at,
                to=to,
                details=details,
            )
        )


def _marking(tlp: Tlp, dice: list[float]) -> tuple[Marking, bool, int]:
    pap = (Pap.RED, Pap.AMBER, Pap.GREEN)[int(dice[0] * 3)]
    codes: set[HandlingCode] = set()
    text = None
    if dice[1] < 0.08:
        codes, text = {HandlingCode.H3}, "not to be used in an open hearing before the day"
    elif dice[1] < 0.30:
        codes = {HandlingCode.H1}
    elif dice[1] < 0.42:
        codes = {HandlingCode.H2}
    elif dice[1] < 0.50:
        codes = {HandlingCode.H0}
    marking = Marking(
        tlp=tlp,
        pap=pap,
        handling=frozenset(codes),
        h3_text=text,
        source="ABCX"[min(3, int(dice[2] * 4))],
        accuracy=1 + int(dice[3] * 4),
    )
    is_addressed = tlp is Tlp.RED or dice[4] < 0.15
    return marking, is_addressed, int(dice[5] * 1000)
