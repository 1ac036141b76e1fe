from __future__ import annotations

import ipaddress
import re
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cautery.errors import InputError
from cautery.lab.operations import LIKES, OperationWorld, build_world, fact_sheet
from cautery.lab.operations.day import CASH_EUR, CRYPTO_EUR
from cautery.model import AgencyRole, ExhibitKind, LedCategory, Role, SeizedExhibit, Tlp
from cautery.operation.details import check_details
from cautery.plan import Supply

SHEET_SIZES = {
    "channels": 2500, "works": 20000, "resellers": 560, "panels": 80, "signal servers": 9,
    "servers": 30, "domains": 100, "devices": 270, "countries": 12, "months": 24,
}  # fmt: skip

REAL_BRANDS = [
    "sky",
    "dazn",
    "netflix",
    "canal",
    "bein",
    "hbo",
    "espn",
    "movistar",
    "viaplay",
    "mediaset",
    "zdf",
    "bbc",
    "itv",
    "disney",
    "amazon",
    "rtl",
    "tnt",
    "eurosport",
    "digi",
    "telekom",
    "vodafone",
    "fox",
    "paramount",
    "peacock",
    "hulu",
    "discovery",
    "apple",
    "youtube",
    "flawless",
    "globe",
    "kratos",
    "xtream",
    "rai",
    "sat",
    "prosieben",
    "talksport",
    "ziggo",
    "nova",
    "bulsatcom",
]


@given(seed=st.integers(0, 2**40), like=st.sampled_from(LIKES))
@settings(max_examples=4, deadline=None)
def test_the_same_seed_gives_the_same_world(seed: int, like: str) -> None:
    one = build_world(like, seed=seed, scale=0.01)
    other = build_world(like, seed=seed, scale=0.01)

    assert (one.truth.users == other.truth.users).all()
    assert one.nodes == other.nodes
    assert one.intelligence == other.intelligence
    assert one.transfers == other.transfers
    assert one.finds == other.finds


def test_another_seed_gives_another_world(small: OperationWorld) -> None:
    other = build_world("taken-down", seed=4, scale=0.01)

    assert (small.truth.users != other.truth.users).any()
    assert {one.id for one in small.nodes}.isdisjoint(
        one.id for one in other.nodes if one.id.startswith("panel:")
    )


def test_a_full_world_has_the_sizes_of_its_sheet(full: OperationWorld) -> None:
    sizes = full.sizes()

    assert {one: sizes[one] for one in SHEET_SIZES} == SHEET_SIZES
    assert sum(one.category is LedCategory.SUSPECT for one in full.persons) == 102


def test_the_months_hold_both_tournaments_and_the_day(full: OperationWorld) -> None:
    assert {date(2024, 6, 1), date(2024, 7, 1), date(2024, 8, 1)} <= set(full.months)
    assert full.moment.date() == date(2024, 11, 26)


def test_the_summer_of_tournaments_has_more_payers_than_the_spring(full: OperationWorld) -> None:
    spring, summer = (full.months.index(date(2024, one, 1)) for one in (4, 7))

    assert full.truth.payers[summer].sum() > full.truth.payers[spring].sum()


def test_weights_of_demand_sum_to_the_users_of_the_days_month(full: OperationWorld) -> None:
    month = full.months.index(date(2024, 11, 1))
    by_country: Counter[str] = Counter()
    for node in full.nodes:
        if node.weight:
            by_country[full.place_of[node.id]] += int(node.weight)

    assert [by_country[one] for one in full.countries] == full.truth.users[month].tolist()


@pytest.mark.parametrize("like", LIKES)
def test_users_are_more_than_payers_and_revenue_is_paid_by_payers(like: str) -> None:
    truth = build_world(like, seed=11, scale=0.05).truth

    assert (truth.users >= truth.payers).all()
    assert truth.users.sum() > truth.payers.sum()
    assert 1.5 < truth.revenue_eur.sum() / truth.payers.sum() < 10  # EUR a month


def test_a_seed_whose_sharing_falls_under_one_has_a_world_too() -> None:
    # In this one country's draw of users per payer is 0.98: a payer watches as well.
    truth = build_world("kratos", seed=7_771_241, scale=0.001).truth

    assert (truth.users >= truth.payers).all()


def test_the_claim_is_the_published_one_and_not_the_truth(full: OperationWorld) -> None:
    assert full.truth.claimed_users == fact_sheet("taken-down").number("users")
    assert full.truth.claimed_users > 1.5 * full.truth.users.sum(axis=1).max()


@given(seed=st.integers(0, 2**40), like=st.sampled_from(LIKES))
@settings(max_examples=6, deadline=None)
def test_everything_is_served_until_the_panels_or_the_signal_go(seed: int, like: str) -> None:
    world = build_world(like, seed=seed, scale=0.01)
    of = {
        role: [one.id for one in world.supply.assets if one.role is role]
        for role in (Role.PANEL, Role.ORIGIN)
    }

    supply = Supply(world.nodes)
    assert supply.served() == pytest.approx(1.0)
    assert supply.served(of[Role.PANEL]) == 0.0
    assert supply.served(of[Role.ORIGIN]) == 0.0


def test_most_panels_are_missed_when_they_go_alone(full: OperationWorld) -> None:
    panels = [one.id for one in full.supply.assets if one.role is Role.PANEL]

    supply = Supply(full.nodes)
    missed = [one for one in panels if supply.served([one]) < 1.0]

    assert len(missed) > 0.8 * len(panels)


def test_every_member_of_a_group_and_every_end_of_an_edge_is_there(full: OperationWorld) -> None:
    known = {one.id for one in full.nodes}
    assets = {one.id for one in full.supply.assets}

    for node in full.nodes:
        for members, k in node.groups:
            assert set(members) <= known
            assert 1 <= k <= len(set(members)) == len(members)
    assert {end for one in full.supply.edges for end in (one.source, one.target)} <= assets
    assert assets == {one for one in known if not one.startswith("demand:")}


def test_signal_servers_and_panels_stand_where_the_press_says(full: OperationWorld) -> None:
    places = {
        role: {one.country for one in full.supply.assets if one.role is role}
        for role in (Role.ORIGIN, Role.PANEL)
    }

    assert places[Role.ORIGIN] <= {"RO", "HK"}
    assert places[Role.PANEL] == {"GB", "NL"}


def test_shared_networks_are_untouchable_and_have_lawful_neighbours(full: OperationWorld) -> None:
    shared = {one.id for one in full.supply.assets if one.role is Role.SHARED}
    beside = {one.target: one.services for one in full.co_tenants}

    assert set(full.untouchable) <= shared
    assert set(full.untouchable)
    assert max(beside.values()) >= 20_000
    assert any(one.target.startswith("host:") for one in full.co_tenants)  # the data centre


def test_traits_identify_and_addresses_are_of_the_range_for_benchmarks(
    full: OperationWorld,
) -> None:
    addresses = [one["address"] for one in full.traits.values() if "address" in one]

    assert len(addresses) == len(set(addresses)) > 100
    assert all(
        ipaddress.ip_address(one) in ipaddress.ip_network("198.18.0.0/15") for one in addresses
    )


@pytest.mark.parametrize(("like", "lead"), [("taken-down", "it-postal"), ("kratos", "bg-gdboc")])
def test_the_table_is_led_as_the_sheet_says(like: str, lead: str) -> None:
    world = build_world(like, seed=1, scale=0.01)
    roles = {one.role for one in world.agencies}

    assert world.lead.id == lead
    assert roles == set(AgencyRole)


def test_statements_are_by_and_to_agencies_at_the_table_in_order(full: OperationWorld) -> None:
    table = {one.id for one in full.agencies}
    moments = [one.at for one in full.intelligence]

    assert {one.by for one in full.intelligence} <= table
    assert {to for one in full.intelligence for to in one.to} <= table
    assert all(one.by not in one.to for one in full.intelligence)
    assert moments == sorted(moments)
    assert moments[-1] < full.moment
    assert len({(one.by, one.id) for one in full.intelligence}) == len(full.intelligence)


def test_red_statements_name_their_recipients_and_some_leave_the_lead_out(
    full: OperationWorld,
) -> None:
    red = [one for one in full.intelligence if one.marking.tlp is Tlp.RED]

    assert red
    assert all(one.to for one in red)
    assert any(full.lead.id not in {*one.to, one.by} for one in red)


def test_statements_speak_of_what_is_in_the_world(full: OperationWorld) -> None:
    known = {one.id: one for one in full.nodes}
    people = {one.pseudonym for one in full.persons}

    for one in full.intelligence:
        if one.about == "link":
            members, k = known[one.details["target"]].groups[one.details["needs"]]
            assert one.details["source"] in members
            assert one.details["k"] == k
        elif one.about == "person":
            assert one.subject in people
        else:
            assert one.subject in known
    assert {one.about for one in full.intelligence} == {"asset", "link", "person", "payment"}


def test_no_agency_sees_all_and_any_two_with_searches_have_something_in_common(
    full: OperationWorld,
) -> None:
    seen: dict[str, set[str]] = {}
    for one in full.intelligence:
        if one.about == "asset":
            seen.setdefault(one.by, set()).add(one.subject)
    police = [one.id for one in full.agencies if one.country != "EU" and one.id in seen]

    assert all(len(those) < 0.6 * len(full.nodes) for those in seen.values())
    assert all(seen[full.lead.id] & seen[one] for one in police)


def test_persons_stand_in_statements_only_under_their_pseudonym(full: OperationWorld) -> None:
    told = " ".join(one.text + str(one.details) for one in full.intelligence)

    assert not [one.name for one in full.persons if one.name in told]


def test_the_finds_equal_the_totals_of_the_sheet(full: OperationWorld) -> None:
    count: Counter[ExhibitKind] = Counter()
    value: Counter[ExhibitKind] = Counter()
    for one in full.finds:
        count[one.kind] += one.count
        value[one.kind] += one.value.amount if one.value else Decimal(0)
    sheet = fact_sheet("taken-down")

    assert len(full.searches) == sheet.number("searches")
    assert sum(one.country == "IT" for one in full.searches) == sheet.number("searches-italy")
    assert count[ExhibitKind.SERVER] == sheet.number("servers")
    assert count[ExhibitKind.DOMAIN] == sheet.number("domains")
    assert count[ExhibitKind.SET_TOP_BOX] == sheet.number("devices")
    assert value[ExhibitKind.WALLET] == sheet.number("crypto") == CRYPTO_EUR
    assert value[ExhibitKind.CASH] == sheet.number("cash") == CASH_EUR
    assert count[ExhibitKind.FIREARM] >= 1
    assert count[ExhibitKind.DRUGS] >= 1


def test_eleven_are_arrested_in_croatia(full: OperationWorld) -> None:
    arrested = [one for one in full.persons if one.arrested]
    places = {one.id: one.country for one in full.searches}

    assert len(arrested) == 11
    assert {one.country for one in arrested} == {"HR"}
    assert {places[str(one.search)] for one in arrested} == {"HR"}


@pytest.mark.parametrize("like", LIKES)
def test_every_find_would_pass_the_register(like: str) -> None:
    world = build_world(like, seed=5, scale=0.05)
    agencies = {one.id for one in world.agencies}
    searches = {one.id for one in world.searches}

    for number, one in enumerate(world.finds):
        assert one.search in searches
        assert one.agency in agencies
        check_details(
            SeizedExhibit(
                number=f"X-{number}",
                kind=one.kind,
                search=one.search,
                agency=one.agency,
                description=one.description,
                place="there",
                finder="unit 1",
                seal=f"S{number}",
                seized_at=world.moment + timedelta(minutes=one.delay_min),
                count=one.count,
                value=one.value,
                valued_at=world.moment if one.value else None,
                details=one.details,
            )
        )


def test_some_first_steps_fail_but_most_do_not(full: OperationWorld) -> None:
    known = {one.id for one in full.nodes}

    assert 1 <= len(full.step_failures) < 60
    assert set(full.step_failures) <= known


def test_service_falls_on_the_day_and_grows_back(full: OperationWorld) -> None:
    course = full.served_truth

    assert course[0] < 0.85
    assert course[60:120].mean() > course[0]
    assert ((course >= 0) & (course <= 1)).all()


def test_descendants_come_after_the_day_and_share_traits_with_the_seized(
    full: OperationWorld,
) -> None:
    known = {one.id for one in full.nodes}

    assert full.descendants
    for one in full.descendants:
        assert one.at > full.moment
        assert one.like in known
        assert one.asset not in known
        assert one.traits
    same = sum(
        any(full.traits[one.like].get(trait) == said for trait, said in one.traits.items())
        for one in full.descendants
    )
    assert same > len(full.descendants) / 2
    assert any(one.at - full.moment > timedelta(days=150) for one in full.descendants)


def test_names_are_invented(full: OperationWorld) -> None:
    words = set()
    for name in (*full.channels, *full.works, *(one.name for one in full.persons)):
        words |= set(re.findall(r"[a-z]+", name.lower()))
    words |= {part for one in full.nodes for part in re.split(r"[^a-z]+", one.id)}

    assert not words & set(REAL_BRANDS)
    assert len(set(full.channels)) == 2500
    assert len(set(full.works)) == 20000


def test_hosts_are_under_example(full: OperationWorld) -> None:
    hosts = [one.value for one in full.supply.assets if one.kind == "host"]

    assert hosts
    assert all(one.endswith(".example") for one in hosts)


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        ({"like": "napster", "seed": 1}, "not a known world"),
        ({"like": "kratos", "seed": -1}, "a seed must be"),
        ({"like": "kratos", "seed": 2**70}, "a seed must be"),
        ({"like": "kratos", "seed": 1, "scale": 0.0}, "a scale must be"),
        ({"like": "kratos", "seed": 1, "scale": 2.0}, "a scale must be"),
        ({"like": "kratos", "seed": 1, "scale": float("nan")}, "a scale must be"),
    ],
)
def test_arguments_that_name_no_world_are_refused(arguments: dict, rule: str) -> None:
    with pytest.raises(InputError, match=rule):
        build_world(**arguments)


def test_progress_tells_every_step_from_zero_on() -> None:
    told: list[tuple[int, int, str]] = []

    build_world("kratos", seed=1, scale=0.01, progress=lambda *one: told.append(one))

    assert [done for done, _, _ in told] == list(range(told[0][1]))
