"""A made-up operation at full size, as a replay would join it: no real person, service or address."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np

from cautery.model import ErrorRate, Role, StepKind, StepState
from cautery.pages.operation import (
    AgencyLine,
    Arrivals,
    ClaimLine,
    Comparison,
    CountryLine,
    CurrencyTotal,
    DayView,
    DescendantLine,
    EstimatesView,
    ExhibitLine,
    ExhibitsView,
    Fate,
    Finding,
    Fit,
    FreezingProposal,
    Holding,
    Interval,
    KeyFigure,
    Moment,
    MomentKind,
    MoneyFlow,
    MoneyNode,
    MoneyView,
    OperationPageView,
    ReconciledEstimate,
    Served,
    SourceEstimate,
    SportingEvent,
    StepLine,
    SupplyLink,
    SupplyNode,
    SupplyView,
    TimelineView,
    UnknownLine,
    VerifyView,
)

MOMENT = datetime(2024, 11, 26, 5, 0, tzinfo=UTC)
DAY = timedelta(days=1)

AGENCIES = (
    ("it-postal", "Postal and Cyber Security Police", "IT", "lead", "Europe/Rome"),
    ("eu-eurojust", "Eurojust", "EU", "coordination", "Europe/Amsterdam"),
    ("eu-europol", "Europol", "EU", "support", "Europe/Amsterdam"),
    ("hr-cyber", "High-tech Crime Department", "HR", "participant", "Europe/Zagreb"),
    ("ro-organised", "Directorate for Organised Crime", "RO", "participant", "Europe/Bucharest"),
    ("nl-fiod", "Fiscal Intelligence", "NL", "participant", "Europe/Amsterdam"),
    ("gb-intellectual", "Intellectual Property Crime Unit", "GB", "participant", "Europe/London"),
    ("se-noa", "National Operations Department", "SE", "participant", "Europe/Stockholm"),
    ("ch-fedpol", "Federal Police", "CH", "participant", "Europe/Zurich"),
    ("bg-cyber", "Cybercrime Directorate", "BG", "participant", "Europe/Sofia"),
    ("fr-ofac", "Anti-Cybercrime Office", "FR", "participant", "Europe/Paris"),
    ("de-zit", "Central Office for Cybercrime", "DE", "participant", "Europe/Berlin"),
    ("hk-customs", "Customs, Technology Crime", "HK", "participant", "Asia/Hong_Kong"),
    ("eu-alliance", "Industry alliance", "EU", "industry", "Europe/Brussels"),
)
SEARCHES = {"IT": 89, "HR": 4, "RO": 5, "NL": 4, "GB": 3, "SE": 2, "CH": 2, "BG": 2, "HK": 1}
SERVERS = {"RO": 9, "HK": 4, "NL": 8, "GB": 3, "BG": 5}
USERS = {
    "IT": 0.9e6, "ES": 0.42e6, "GB": 0.55e6, "DE": 0.5e6, "FR": 0.47e6, "NL": 0.3e6, "RO": 0.18e6,
    "GR": 0.21e6, "PT": 0.17e6, "SE": 0.14e6, "BG": 0.09e6, "HR": 0.05e6, "CH": 0.06e6, "CA": 0.1e6,
}  # fmt: skip


def _interval(mid: float, spread: float, unit: str, coverage: float | None = 0.9) -> Interval:
    return Interval(low=mid / spread, mid=mid, high=mid * spread, unit=unit, coverage=coverage)


def _months(first: date, count: int) -> list[date]:
    return [
        date(first.year + (first.month - 1 + n) // 12, (first.month - 1 + n) % 12 + 1, 1)
        for n in range(count)
    ]


def timeline(rng: np.random.Generator) -> TimelineView:
    arrivals = []
    for place, (ident, *_) in enumerate(AGENCIES):
        for number, month in enumerate(_months(date(2022, 12, 1), 24)):
            rate = max(0.0, 3 + 60 * (number - place) / 24) * (
                0.2 if ident.startswith("eu-") else 1
            )
            rate *= 2.2 if month in (date(2024, 6, 1), date(2024, 7, 1)) else 1
            arrivals.append(
                Arrivals(
                    agency=ident,
                    month=month,
                    statements=int(rng.poisson(rate if number >= place else 0.4)),
                )
            )
    moments = [
        Moment(
            at=datetime(2022, 12, 12, tzinfo=UTC) + timedelta(days=38 * place),
            kind=MomentKind.JOINED,
            text=f"{name} joins the table",
            agency=ident,
            country=country,
        )
        for place, (ident, name, country, *_) in enumerate(AGENCIES)
    ]
    said = (
        (
            datetime(2023, 5, 9, tzinfo=UTC),
            MomentKind.INTERVENTION,
            "Data centre raid elsewhere: 2 edges lost",
        ),
        (
            datetime(2023, 9, 21, tzinfo=UTC),
            MomentKind.DECONFLICTION,
            "it-postal and nl-fiod share 41 targets",
        ),
        (
            datetime(2024, 2, 2, tzinfo=UTC),
            MomentKind.DECONFLICTION,
            "it-postal and bg-cyber share 17 targets",
        ),
        (
            datetime(2024, 6, 16, tzinfo=UTC),
            MomentKind.INTERVENTION,
            "Blocking wave during the tournament",
        ),
        (
            datetime(2024, 10, 29, tzinfo=UTC),
            MomentKind.PLAN,
            "The cut is chosen, the day is planned",
        ),
        (MOMENT, MomentKind.ACTION, "Action day"),
        (
            datetime(2024, 12, 15, tzinfo=UTC),
            MomentKind.REGROWTH,
            "First portal is back under a new name",
        ),
        (
            datetime(2025, 2, 3, tzinfo=UTC),
            MomentKind.DESCENDANT,
            "Descendant A found by its certificate",
        ),
        (
            datetime(2025, 4, 19, tzinfo=UTC),
            MomentKind.DESCENDANT,
            "Descendant B found by its wallets",
        ),
        (
            datetime(2025, 12, 19, tzinfo=UTC),
            MomentKind.DESCENDANT,
            "Descendant C found by its traffic",
        ),
    )
    moments += [Moment(at=at, kind=kind, text=text) for at, kind, text in said]
    for number in range(30):
        moments.append(
            Moment(
                at=datetime(2023, 6, 1, tzinfo=UTC) + timedelta(days=18 * number),
                kind=MomentKind.SHARED,
                text=f"bundle of {20 + number * 9} statements to it-postal",
                agency=AGENCIES[number % 9 + 3][0],
            )
        )
    return TimelineView(
        first=date(2022, 12, 1),
        last=date(2026, 1, 31),
        arrivals=tuple(arrivals),
        moments=tuple(moments),
        events=(
            SportingEvent(name="Euro 2024", first=date(2024, 6, 14), last=date(2024, 7, 14)),
            SportingEvent(name="Paris 2024", first=date(2024, 7, 26), last=date(2024, 8, 11)),
        ),
    )


def action_day(rng: np.random.Generator) -> DayView:
    steps: list[StepLine] = []

    def step(  # noqa: PLR0917 - a row of the day's table
        agency: str,
        kind: StepKind,
        country: str,
        start_min: float,
        lasts_min: float,
        text: str,
        state: StepState = StepState.DONE,
        late_min: float = 0.0,
        replaces: str | None = None,
        note: str = "",
    ) -> str:
        starts = MOMENT + timedelta(minutes=start_min)
        ends = starts + timedelta(minutes=lasts_min)
        began = starts + timedelta(minutes=late_min + float(rng.uniform(0, 3)))
        steps.append(
            StepLine(
                id=f"step-{len(steps):03d}",
                agency=agency,
                kind=kind,
                text=text,
                country=country,
                starts_at=starts,
                ends_at=ends,
                state=state,
                ended_at=began + (ends - starts) * float(rng.uniform(0.7, 1.2)),
                replaces=replaces,
                note=note,
            )
        )
        return steps[-1].id

    by_country = {country: ident for ident, _, country, *_ in AGENCIES if country != "EU"}
    for country, many in SEARCHES.items():
        for number in range(many):
            late = rng.random() < 0.06
            step(
                by_country[country],
                StepKind.SEARCH,
                country,
                0 if number % 7 else 15,
                float(rng.uniform(70, 420)),
                f"Search of premises {country}-{number + 1}",
                StepState.LATE if late else StepState.DONE,
                25 if late else 0,
            )
    for number in range(11):
        step("hr-cyber", StepKind.ARREST, "HR", 0, 20 + 3 * number, f"Arrest of P-{number + 1:03d}")
    for country, many in SERVERS.items():
        for number in range(many):
            failed = country == "HK" and number == 2
            ident = step(
                by_country[country],
                StepKind.SEIZE,
                country,
                4 + 2 * number,
                45,
                f"Seize edge {country.lower()}-{number + 1}",
                StepState.FAILED if failed else StepState.DONE,
                note="the rack was moved in the night" if failed else "",
            )
            if failed:
                step(
                    "hk-customs",
                    StepKind.SEIZE,
                    "HK",
                    105,
                    50,
                    "Seize it at the second data centre",
                    replaces=ident,
                )
    for number in range(100):
        step(
            "it-postal" if number % 2 else "nl-fiod",
            StepKind.LOCK,
            "NL",
            20 + number * 0.8,
            12,
            f"Lock name {number + 1}",
        )
    for number in range(14):
        step("nl-fiod", StepKind.FREEZE, "NL", 1 + number, 30, f"Freeze account {number + 1}")
        step(
            "it-postal",
            StepKind.PRESERVE,
            "IT",
            -600 - 13 * number,
            40,
            f"Preservation asked of provider {number + 1}",
        )
    for number in range(5):
        step(
            "ro-organised",
            StepKind.CONTINUITY,
            "RO",
            -90 + 8 * number,
            35,
            f"Move co-tenant {number + 1} to another host",
        )
    step("eu-eurojust", StepKind.ANNOUNCE, "EU", 640, 30, "Tell the press")
    for number in range(20):
        step(
            "it-postal",
            StepKind.SPLASH,
            "IT",
            480 + number,
            15,
            f"Splash page on name {number + 1}",
        )

    served = [Served(at=MOMENT - timedelta(hours=11), share=1.0)]
    level = 1.0
    for minute in (6, 9, 12, 15, 18, 22, 27, 33, 40, 55, 70, 95, 150):
        level *= float(rng.uniform(0.72, 0.95))
        served.append(Served(at=MOMENT + timedelta(minutes=minute), share=level))
    served.append(Served(at=MOMENT + timedelta(minutes=156), share=0.071))
    after = [Served(at=MOMENT + DAY, share=0.071)]
    for week in range(1, 60):
        share = 0.071 + 0.36 / (1 + np.exp(-(week - 22) / 6)) + float(rng.normal(0, 0.008))
        after.append(Served(at=MOMENT + 7 * week * DAY, share=min(1.0, max(0.0, float(share)))))
    return DayView(
        moment=MOMENT,
        zone="Europe/Rome",
        steps=tuple(steps),
        served=tuple(served),
        after=tuple(after),
        bystanders_kept=5,
        precedence_violations=0,
    )


def supply(rng: np.random.Generator) -> SupplyView:
    sizes = {
        Role.SOURCE: 12, Role.ENCODER: 6, Role.ORIGIN: 9, Role.EDGE: 34, Role.PANEL: 80,
        Role.SUPER_RESELLER: 24, Role.RESELLER: 560, Role.STOREFRONT: 100, Role.PAYMENT: 18,
    }  # fmt: skip
    gone = {
        Role.ORIGIN: 0.9,
        Role.EDGE: 0.8,
        Role.PANEL: 0.85,
        Role.STOREFRONT: 0.95,
        Role.PAYMENT: 0.5,
        Role.SUPER_RESELLER: 0.3,
    }
    nodes = []
    for role, many in sizes.items():
        for number in range(many):
            fate = Fate.SERVING
            if rng.random() < gone.get(role, 0):
                fate = Fate.REMOVED
            elif (
                role in (Role.RESELLER, Role.STOREFRONT, Role.EDGE, Role.PANEL)
                and rng.random() < 0.86
            ):
                fate = Fate.DARK
            country = str(rng.choice(list(USERS)))
            nodes.append(
                SupplyNode(
                    id=f"{role}:{number}",
                    label=f"{role}-{number}.example",
                    role=role,
                    fate=fate,
                    country=country,
                )
            )
    order = (
        (Role.SOURCE, Role.ENCODER, 2), (Role.ENCODER, Role.ORIGIN, 4), (Role.ORIGIN, Role.EDGE, 7), (Role.EDGE, Role.PANEL, 5),
        (Role.PANEL, Role.SUPER_RESELLER, 1), (Role.SUPER_RESELLER, Role.RESELLER, 25), (Role.RESELLER, Role.STOREFRONT, 1), (Role.STOREFRONT, Role.PAYMENT, 2),
    )  # fmt: skip
    links = tuple(
        SupplyLink(source=f"{here}:{number}", target=f"{there}:{int(rng.integers(sizes[there]))}")
        for here, there, many in order
        for number in range(sizes[here])
        for _ in range(many)
    )
    return SupplyView(
        nodes=tuple(nodes),
        links=links,
        served_before=1.0,
        served_after=0.071,
        bound=0.064,
        method="mixed-integer programme, HiGHS; gap 0.7 %",
    )


def exhibits() -> ExhibitsView:
    kinds = {
        "server": {"RO": 9, "HK": 4, "NL": 8, "GB": 3, "BG": 5}, "disk": {"RO": 31, "NL": 44, "GB": 12, "BG": 19, "IT": 61},
        "domain": {"NL": 61, "IT": 39}, "set-top-box": {"IT": 203, "HR": 22, "RO": 31, "GB": 14}, "phone": {"IT": 118, "HR": 21, "NL": 9, "RO": 12},
        "computer": {"IT": 97, "HR": 11, "SE": 3, "CH": 4}, "cash": {"IT": 14, "HR": 3, "NL": 2}, "bank-account": {"IT": 22, "NL": 8, "CH": 5},
        "wallet": {"NL": 12, "IT": 7}, "firearm": {"IT": 4, "HR": 1}, "drugs": {"IT": 6}, "document": {"IT": 140, "NL": 22}, "vehicle": {"IT": 3, "HR": 1},
    }  # fmt: skip
    return ExhibitsView(
        lines=tuple(
            ExhibitLine(kind=kind, country=country, exhibits=max(1, many // 2), things=many)
            for kind, found in kinds.items()
            for country, many in found.items()
        ),
        totals=(
            CurrencyTotal(
                currency="EUR",
                exhibits=19,
                register=Decimal("40120.00"),
                manifest=Decimal("40120.00"),
                eur=Decimal("40120.00"),
            ),
            CurrencyTotal(
                currency="BTC",
                exhibits=11,
                register=Decimal("13.48210034"),
                manifest=Decimal("13.48210034"),
                eur=Decimal("1189410.22"),
            ),
            CurrencyTotal(
                currency="USDT",
                exhibits=6,
                register=Decimal("431220.50"),
                manifest=Decimal("431220.50"),
                eur=Decimal("411009.10"),
            ),
            CurrencyTotal(
                currency="GBP",
                exhibits=2,
                register=Decimal("7350.00"),
                manifest=Decimal("7350.00"),
                eur=Decimal("8820.00"),
            ),
        ),
        debits=1172,
        credits=1172,
        custody_entries=3391,
        custody_gaps=0,
        findings=(
            Finding(
                crime="money laundering",
                text="Two shell companies receive card revenue and buy coins on the same day.",
                exhibits=("NL-0031", "IT-0210"),
            ),
            Finding(
                crime="arms",
                text="Four pistols without a licence, one with its serial removed.",
                exhibits=("IT-0077", "IT-0078", "HR-0009"),
            ),
            Finding(
                crime="drugs",
                text="1.2 kg of cannabis and 210 g of cocaine in two places.",
                exhibits=("IT-0102",),
            ),
        ),
    )


def money() -> MoneyView:
    nodes = [
        MoneyNode(id=f"buy{n}", label=f"Test purchase {n}", kind="purchase", country=c)
        for n, c in enumerate(("IT", "FR", "GB"), 1)
    ]
    nodes += [
        MoneyNode(id="d1", label="LUMEN*MEDIA LTD", kind="descriptor"), MoneyNode(id="d2", label="NORDVIEW SERVICES", kind="descriptor"),
        MoneyNode(id="p1", label="PSP in Lithuania", kind="psp", country="LT"), MoneyNode(id="p2", label="PSP in Malta", kind="psp", country="MT"),
        MoneyNode(id="a1", label="Account NL..4417", kind="account", country="NL", frozen=True), MoneyNode(id="a2", label="Account CY..0093", kind="account", country="CY"),
        MoneyNode(id="w1", label="bc1q9xk4f2w0u7m8s3v5n6t7r8e9d0c1b2a3z4y5x6", kind="wallet", frozen=True), MoneyNode(id="w2", label="TQ5kL2f9vYh3mR8sX7cB1nD6gJ4pW0zKaE", kind="wallet"),
        MoneyNode(id="w3", label="cluster of 41 addresses", kind="wallet"), MoneyNode(id="s1", label="Exchange A", kind="service", country="MT"), MoneyNode(id="s2", label="Exchange B", kind="service"),
    ]  # fmt: skip
    flows = (
        ("buy1", "d1", "9.99", "EUR", "9.99"), ("buy2", "d1", "11.99", "EUR", "11.99"), ("buy3", "d2", "8.50", "GBP", "10.20"),
        ("d1", "p1", "412000", "EUR", "412000"), ("d2", "p2", "98000", "GBP", "117600"), ("p1", "a1", "401000", "EUR", "401000"), ("p2", "a2", "114000", "EUR", "114000"),
        ("a1", "w1", "5.1", "BTC", "380000"), ("a2", "w2", "110000", "USDT", "104000"), ("w1", "w3", "2.9", "BTC", "216000"), ("w1", "s1", "2.0", "BTC", "149000"), ("w2", "s2", "90000", "USDT", "85000"), ("w3", "s1", "1.1", "BTC", "82000"),
    )  # fmt: skip
    return MoneyView(
        nodes=tuple(nodes),
        flows=tuple(
            MoneyFlow(source=a, target=b, amount=Decimal(c), currency=d, eur=Decimal(e))
            for a, b, c, d, e in flows
        ),
        holdings=(
            Holding(
                label="cluster of 41 addresses",
                kind="wallet",
                currency="BTC",
                amount=Decimal("13.48210034"),
                eur=Decimal("1189410.22"),
                certainty="common input, 41 of 41 spent together",
                addresses=41,
            ),
            Holding(
                label="TQ5kL2f9vYh3mR8sX7cB1nD6gJ4pW0zKaE",
                kind="wallet",
                currency="USDT",
                amount=Decimal("431220.50"),
                eur=Decimal("411009.10"),
                certainty="named in a seized document",
            ),
            Holding(
                label="Account NL..4417",
                kind="account",
                currency="EUR",
                amount=Decimal("88412.17"),
                eur=Decimal("88412.17"),
                certainty="holder known to the bank",
            ),
        ),
        proposals=(
            FreezingProposal(
                instrument="freezing order",
                addressee="Exchange A",
                country="MT",
                holds="balance of the customer behind 2 deposit addresses",
                basis="Regulation (EU) 2018/1805, art. 4 [M]",
                amount=Decimal(231000),
                currency="EUR",
                due_at=MOMENT - 2 * DAY,
            ),
            FreezingProposal(
                instrument="preservation order",
                addressee="PSP in Lithuania",
                country="LT",
                holds="payer and payout records of merchant LUMEN*MEDIA LTD",
                basis="Regulation (EU) 2023/1543, art. 6 [M]",
                due_at=MOMENT - 5 * DAY,
            ),
        ),
        method="first in, first out; common inputs without suspected coinjoins",
    )


def estimates() -> EstimatesView:
    def seen(quantity: str, unit: str, mid: float) -> list[SourceEstimate]:
        return [
            SourceEstimate(
                quantity=quantity,
                source=source,
                interval=_interval(mid * lean, spread, unit),
                note=note,
            )
            for source, lean, spread, note in (
                (
                    "panel lines",
                    1.12,
                    1.35,
                    "less trials, expired and shared lines; 61 of 80 panels seized",
                ),
                ("edge recapture", 0.94, 1.5, "two looks on one peak evening, 9 of 30 edges"),
                ("payments by ARPU", 0.88, 1.7, "3 of 18 payment ends known"),
                ("DNS names", 1.3, 2.3, "one access provider's sample, households not users"),
                ("survey", 1.9, 3.0, "self-reported, brand not asked"),
            )
        ]

    users, payers, revenue = 4.2e6, 2.4e6, 12.6e6
    rows = (
        seen("users", "users", users)
        + seen("payers", "payers", payers)[:3]
        + seen("revenue", "EUR/month", revenue)[:3]
    )
    return EstimatesView(
        sources=tuple(rows),
        reconciled=tuple(
            ReconciledEstimate(
                quantity=quantity,
                inner=_interval(mid, 1.28, unit),
                outer=_interval(mid, 1.52, unit, 0.99),
                truth=mid * 1.06,
                words=f"All sources agree within a factor of 1.5 on {quantity}.",
            )
            for quantity, mid, unit in (
                ("users", users, "users"),
                ("payers", payers, "payers"),
                ("revenue", revenue, "EUR/month"),
            )
        ),
        claims=(
            ClaimLine(
                text="22e6 users",
                quantity="users",
                value=22e6,
                flagged=True,
                words="3.4 times the upper end of the 99 % interval: 22 million users do not fit any source seen here.",
                source="press, S10",
            ),
            ClaimLine(
                text="250e6 EUR/month",
                quantity="revenue",
                value=250e6,
                flagged=True,
                words="That is the list price times the claimed users; 13 times the upper end of the 99 % interval.",
                source="press, S10",
            ),
            ClaimLine(
                text="2.5e6 payers",
                quantity="payers",
                value=2.5e6,
                flagged=False,
                words="Inside the 90 % interval.",
                source="invented",
            ),
        ),
        words=(
            "Weak sources (survey, DNS) pull the middle up, and widen it more than they move it.",
        ),
    )


def comparisons() -> tuple[Comparison, ...]:
    return (
        Comparison(
            what="live channels",
            published="2,500+",
            fit=Fit.YES,
            interval=Interval(low=2480, mid=2500, high=2530, coverage=0.9),
            source="S10, S14",
        ),
        Comparison(
            what="users",
            published="> 22 million",
            fit=Fit.NO,
            interval=_interval(4.2e6, 1.28, "users"),
            source="S10",
            reason="outside the 99 % interval of every source; 39,000 customers a reseller",
        ),
        Comparison(
            what="revenue a month",
            published="> EUR 250 million",
            fit=Fit.NO,
            interval=_interval(12.6e6, 1.28, "EUR/month"),
            source="S10",
            reason="list price times claimed users",
        ),
        Comparison(
            what="harm a year",
            published="EUR 10 billion",
            fit=Fit.NOT_OURS,
            ours="not estimated",
            source="S151",
            reason="harm to right-holders needs a model of what users would have bought",
        ),
        Comparison(what="searches", published="112+", fit=Fit.YES, ours="112", source="S10, S150"),
        Comparison(what="arrests", published="11 (HR)", fit=Fit.YES, ours="11", source="S10"),
        Comparison(
            what="servers seized", published="at least 29", fit=Fit.YES, ours="29", source="S10"
        ),
        Comparison(
            what="crypto seized",
            published="about EUR 1.6 million",
            fit=Fit.YES,
            interval=Interval(low=1.55e6, mid=1.6004e6, high=1.66e6, unit="EUR", coverage=None),
            source="S10",
        ),
        Comparison(
            what="suspects identified",
            published="102",
            fit=Fit.NOT_OURS,
            ours="94 in the shared picture",
            source="S10",
            reason="eight are known to one agency only, and its marking keeps them there",
        ),
    )


def sample(*, lab: bool = True, seed: int = 1) -> OperationPageView:
    """Return a view of a whole operation."""
    rng = np.random.default_rng(seed)
    return OperationPageView(
        operation="taken-down-1",
        name="Taken Down",
        action_day=MOMENT.date(),
        lead="it-postal",
        made_at=datetime(2026, 2, 3, 9, 30, tzinfo=UTC),
        version="0.2.0",
        lab=lab,
        seed=seed,
        statement="The press reports “Taken Down” and “Kratos” with the same totals: the figures overlap and are not added.",
        summary="A network of 2,500 channels, worked on for two years by agencies of twelve countries, ended in one morning; and what grew back in the fourteen months after it.",
        legal_basis="order of the prosecutor of the lab, no. 7",
        verify=VerifyView(
            commands=(
                "cautery verify cases/taken-down-1",
                "cd cases/taken-down-1 && sha256sum -c manifest.sha256",
            ),
            root="3f9c1ab7e6f02d5c8b4a77d19e03c5f6a1b2c3d4e5f60718293a4b5c6d7e8f90",
            size=18442,
            key="cautery-lab-1+6d0b3a2f+AQ2mJ0hXk1u9",
            note="Records made after this page, such as the closing, are not under this head.",
        ),
        agencies=tuple(
            AgencyLine(
                id=ident,
                name=name,
                country=country,
                role=role,
                zone=zone,
                joined_at=datetime(2022, 12, 12, tzinfo=UTC) + timedelta(days=38 * place),
                statements=int(rng.integers(40, 900)),
                received=int(rng.integers(10, 1200)),
                shared=int(rng.integers(10, 400)),
            )
            for place, (ident, name, country, role, zone) in enumerate(AGENCIES)
        ),
        figures=(
            KeyFigure(
                label="users",
                interval=_interval(4.2e6, 1.28, "users"),
                note="claimed: more than 22 million",
            ),
            KeyFigure(
                label="revenue",
                unit="EUR a month",
                interval=_interval(12.6e6, 1.28, "EUR/month"),
                note="claimed: more than 250 million",
            ),
            KeyFigure(
                label="demand still served",
                unit="%",
                value=7.1,
                note="at the end of the day; 100 % before",
            ),
            KeyFigure(label="searches", value=112, note="in 9 countries; 11 arrests"),
            KeyFigure(label="exhibits", value=1172, note="29 servers, 100 names, 270 boxes"),
            KeyFigure(
                label="grew back in 14 months",
                unit="%",
                interval=Interval(low=38, mid=43, high=48, unit="%"),
                note="3 descendants found",
            ),
        ),
        timeline=timeline(rng),
        day=action_day(rng),
        countries=tuple(
            CountryLine(
                country=country,
                users=_interval(USERS[country], 1.5, "users") if country in USERS else None,
                searches=SEARCHES.get(country, 0),
                arrests=11 if country == "HR" else 0,
                servers=SERVERS.get(country, 0),
                exhibits=12 * SEARCHES.get(country, 0),
                suspects=int(rng.integers(0, 20)),
                resellers=int(rng.integers(2, 90)),
            )
            for country in sorted({*USERS, *SEARCHES, *SERVERS})
        ),
        supply=supply(rng),
        exhibits=exhibits(),
        money=money(),
        estimates=estimates(),
        comparisons=comparisons(),
        descendants=tuple(
            DescendantLine(
                found_at=datetime(*when, tzinfo=UTC),
                name=name,
                like=like,
                traits=traits,
                found_by=by,
                country=country,
                log10_odds=odds,
                right=right,
            )
            for when, name, like, traits, by, country, odds, right in (
                (
                    (2025, 2, 3),
                    "stream-north.example",
                    "edge ro-3",
                    ("same certificate key", "same panel build", "same AS"),
                    "comparison of new certificates with the seized disk images",
                    "RO",
                    5.4,
                    True,
                ),
                (
                    (2025, 4, 19),
                    "calm-tv.example",
                    "panel nl-17",
                    ("wallet spends with a seized one", "same price page"),
                    "coins followed from the state's tag list",
                    "IT",
                    3.1,
                    True,
                ),
                (
                    (2025, 12, 19),
                    "global-view.example",
                    "origin hk-1",
                    ("traffic pattern of the origins", "same reseller tiers"),
                    "flow statistics of one access provider",
                    "RO",
                    1.2,
                    None,
                ),
            )
        ),
        unknowns=(
            UnknownLine(
                what="Who sold to 41 resellers",
                why="their panel was wiped before the search; only its price list was found.",
            ),
            UnknownLine(
                what="Users in 3 countries", why="fewer than ten lines in the dumps: suppressed."
            ),
            UnknownLine(what="Where 2.1 BTC went", why="into a mixer; the trace ends there."),
        ),
        error_rates=(
            ErrorRate(
                what="descendant tied to the wrong network",
                errors=0,
                trials=400,
                source="lab, 400 worlds",
            ),
            ErrorRate(
                what="reconciled 90 % interval misses the truth",
                errors=38,
                trials=400,
                source="bench/estimate/sizing.py",
            ),
        ),
    )


def crowded() -> OperationPageView:
    """Return a worse one: many failures, moments, wallets, countries and descendants."""
    rng = np.random.default_rng(5)
    view = sample(seed=3)
    assert view.day
    assert view.timeline
    assert view.money
    steps = list(view.day.steps)
    later = timedelta(hours=2)
    for number, place in enumerate(rng.choice(len(steps), 14, replace=False)):
        one = replace(
            steps[place],
            state=StepState.FAILED,
            note="nobody opened and the door would not give way",
        )
        steps[place] = one
        if number % 3:
            steps.append(
                replace(
                    one,
                    id=f"again-{one.id}",
                    replaces=one.id,
                    state=StepState.DONE,
                    starts_at=one.starts_at + later,
                    ended_at=None,
                    ends_at=one.ends_at + later,
                )
            )
    kinds = (
        MomentKind.INTERVENTION,
        MomentKind.DECONFLICTION,
        MomentKind.DESCENDANT,
        MomentKind.OTHER,
    )
    said = (
        "A wave of blocking",
        "Two agencies share 12 targets",
        "Found by the wallets of a seized panel, and by traffic",
    )
    moments = tuple(
        Moment(
            at=datetime(2023, 1, 1, tzinfo=UTC) + timedelta(days=int(rng.integers(1100))),
            kind=kinds[number % 4],
            text=said[number % 3],
        )
        for number in range(40)
    )
    codes = "IT CH AT SI HR BA RS ME AL MK BG RO HU SK CZ DE NL BE LU FR ES PT GB IE DK SE NO FI PL UA GR TR CY MT US HK"
    wallets = tuple(
        MoneyNode(id=f"x{number}", label=f"wallet {number}", kind="wallet") for number in range(20)
    )
    return replace(
        view,
        day=replace(view.day, steps=tuple(steps)),
        timeline=replace(view.timeline, moments=view.timeline.moments + moments),
        money=replace(
            view.money,
            nodes=view.money.nodes + wallets,
            flows=view.money.flows
            + tuple(
                MoneyFlow(source="a1", target=one.id, amount=Decimal(9000), currency="EUR")
                for one in wallets
            ),
        ),
        countries=tuple(
            CountryLine(
                country=code,
                users=_interval(2e4 * place + 9, 2, "users"),
                searches=place % 5,
                servers=place % 3,
                arrests=place % 4,
            )
            for place, code in enumerate(codes.split())
        ),
        descendants=view.descendants * 5,
    )
