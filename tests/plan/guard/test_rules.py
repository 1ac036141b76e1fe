"""What the guard learnt since its first rules: networks, embedded IPv4, owners, overrides, windows."""

from datetime import UTC, date, datetime, timedelta

import pytest

from cautery.adapters.facts_folder import FactsFolder
from cautery.errors import InputError
from cautery.model import Decision, DedicatedFact, NetworkFact, Override, Window
from cautery.plan import guard
from cautery.plan.guard.budget import spend
from cautery.plan.guard.canary import CanaryOutcome, canaries_of, propose_rollback
from cautery.plan.guard.network_kind import NetworkKind, kind_of_network
from cautery.plan.guard.revalidation import compare, due

from ..conftest import NOW, OURS, codes


def answer(**said):
    known = {
        "target": "203.0.113.77",
        "by": ("A. One", "B. Two"),
        "reason": "seen alone in its rack",
        "at": NOW,
        "until": NOW + timedelta(hours=1),
    }
    return Override(**{**known, **said})


@pytest.fixture
def networked(folder):
    (folder / "asn-ipv4.csv").write_text(
        "start,end,asn\n192.0.2.0,192.0.2.63,64500\n192.0.2.64,192.0.2.127,64501\n"
    )
    (folder / "asn-names.csv").write_text("asn,org\n64500,Sucuri\n64501,City Telecom\n")
    toml = folder / "facts.toml"
    toml.write_text(
        toml.read_text()
        + "[facts.asn-ipv4]\ndate = 2026-11-01\n[facts.asn-names]\ndate = 2026-11-01\n"
    )
    return FactsFolder(folder)


@pytest.mark.parametrize(
    ("organisation", "shares", "kind"),
    [
        ("Cloudflare, Inc.", (), NetworkKind.CDN),
        ("Obscure Edge Ltd", (("cdn", 0.6),), NetworkKind.CDN),
        ("Amazon.com, Inc.", (), NetworkKind.CLOUD),
        ("Hetzner Online GmbH", (), NetworkKind.HOSTING),
        ("Vodafone Romania S.A.", (("cdn", 0.01),), NetworkKind.ACCESS),
        ("Ecoplast OOD", (), None),
    ],
)
def test_a_network_is_known_by_its_name_or_by_what_it_publishes(organisation, shares, kind):
    network = NetworkFact(
        address="192.0.2.1", asn=1, organisation=organisation, country=None, shares=shares
    )
    assert kind_of_network(network) is kind


def test_a_cdns_network_is_refused_where_no_range_list_knows_it(networked):
    verdict = guard("192.0.2.7", facts=networked, at=NOW)
    assert networked.shared("192.0.2.7") is None
    assert "cdn-network" in codes(verdict)


def test_an_access_providers_address_is_allowed_with_evidence_of_dedication(networked):
    verdict = guard("192.0.2.77", facts=networked, at=NOW, dedicated=OURS)
    assert verdict.decision is Decision.ALLOW
    assert "access-network" in codes(verdict)


@pytest.mark.parametrize(
    "address",
    [
        "::ffff:188.114.97.7",
        "2002:bc72:6107::1",
        "64:ff9b::188.114.97.7",
        "64:ff9b:1::188.114.97.7",
        "2001:0:1:2:0:0:438d:9ef8",
        "fe80::5efe:188.114.97.7",
        "::188.114.97.7",
        "::ffff:0:188.114.97.7",
    ],
)
def test_an_ipv6_form_of_an_ipv4_host_is_judged_by_that_host(facts, address):
    assert "shared-range" in codes(guard(address, facts=facts, at=NOW))


def test_a_mapped_range_is_its_ipv4_range(facts):
    assert guard("::ffff:203.0.113.0/120", facts=facts, at=NOW).target == "203.0.113.0/24"


def test_evidence_that_names_a_popular_customer_refuses(facts):
    theirs = DedicatedFact(
        address="203.0.113.77",
        dedicated_to="google.com",
        evidence="contract",
        evidence_date=date(2026, 11, 20),
    )
    assert "protected-co-tenant" in codes(
        guard("203.0.113.77", facts=facts, at=NOW, dedicated=theirs)
    )


def test_a_verdict_never_outlives_its_evidence(networked):
    at = datetime(2026, 12, 20, 23, 0, tzinfo=UTC)
    old = guard("192.0.2.77", facts=networked, at=at, dedicated=OURS)
    assert old.valid_until <= datetime(2026, 12, 21, tzinfo=UTC)


def test_an_address_with_a_new_owner_is_refused_and_a_name_when_the_evidence_is_older(folder):
    (folder / "owners.csv").write_text(
        "target,owner,since,source\n203.0.113.0/29,Buyer Ltd,2026-11-21,RIPE\n"
        "edge9.example,Buyer Ltd,2026-11-21,RDAP\n"
    )
    facts = FactsFolder(folder)
    assert "recycled-address" in codes(guard("203.0.113.5", facts=facts, at=NOW))
    assert guard("edge9.example", facts=facts, at=NOW).decision is Decision.ALLOW
    assert "recycled-name" in codes(guard("edge9.example", facts=facts, at=NOW, dedicated=OURS))
    proven = date(2026, 11, 20)
    assert "recycled-name" in codes(
        guard("edge9.example", facts=facts, at=NOW, evidence_date=proven)
    )
    assert "recycled-address" in codes(
        guard("203.0.113.5", facts=facts, at=NOW.replace(year=2027), evidence_date=proven)
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"by": ("A. One",)},
        {"by": ("A. One", "a.  one ")},
        {"by": ("A. One", " ")},
        {"reason": " "},
        {"until": NOW},
        {"until": NOW + timedelta(days=2)},
    ],
)
def test_an_override_takes_two_people_a_reason_and_an_end(wrong):
    with pytest.raises(InputError):
        answer(**wrong)


def test_an_override_allows_keeps_every_objection_and_ends(facts):
    verdict = guard("203.0.113.77", facts=facts, at=NOW, override=answer())
    assert verdict.decision is Decision.ALLOW
    assert {"override", "unknown-co-hosting"} <= codes(verdict)
    assert verdict.valid_until == NOW + timedelta(hours=1)
    assert verdict.override == answer()


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("203.0.113.78", {}),
        ("203.0.113.77", {"at": NOW - timedelta(hours=2), "until": NOW}),
        ("127.0.0.1", {"target": "127.0.0.1"}),
    ],
)
def test_an_override_of_another_target_an_ended_one_or_one_of_nothing_is_void(facts, target, said):
    verdict = guard(target, facts=facts, at=NOW, override=answer(**said))
    assert verdict.decision is Decision.REFUSE


def test_what_nobody_can_bound_is_over_every_budget(facts):
    allowed = guard("203.0.113.5", facts=facts, at=NOW)
    overridden = guard("203.0.113.77", facts=facts, at=NOW, override=answer())
    assert not spend([allowed], budget=0).over
    spent = spend([allowed, overridden], budget=10**9)
    assert (spent.high, spent.over, spent.unbounded) == (None, True, ("203.0.113.77",))


def test_before_a_window_is_asked_again_what_does_not_last_to_its_end(facts):
    verdict = guard("203.0.113.5", facts=facts, at=NOW)
    short = Window(start=NOW, end=NOW + timedelta(hours=1))
    assert due([verdict], short) == ()
    assert due([verdict], Window(start=NOW, end=NOW + timedelta(hours=4))) == ("203.0.113.5",)


def test_what_was_allowed_and_is_not_any_more_is_withdrawn(facts):
    before = [guard(one, facts=facts, at=NOW) for one in ("203.0.113.5", "pirate.example")]
    later = guard("203.0.113.5", facts=facts, at=NOW + timedelta(days=20))
    found = compare(before, [later])
    assert found.withdrawn == (later,)
    assert found.unanswered == ("pirate.example",)


def outcome(canary, *, direct=True, through=False, minute=0):
    return CanaryOutcome(
        target="188.114.97.7",
        canary=canary,
        intermediary="isp",
        direct=direct,
        through=through,
        at=NOW + timedelta(minutes=minute),
    )


def test_two_dark_canaries_propose_a_roll_back():
    [proposal] = propose_rollback([outcome("a"), outcome("b"), outcome("c", through=True)])
    assert (proposal.target, proposal.dark, proposal.tried) == ("188.114.97.7", ("a", "b"), 3)


@pytest.mark.parametrize(
    "outcomes",
    [
        [],
        [outcome("a", direct=False), outcome("b", direct=None)],
        [outcome("a", through=None)],
        [outcome("a"), outcome("b", through=True)],
        [outcome("a"), outcome("b"), outcome("a", through=True, minute=5)],
    ],
)
def test_canaries_that_are_down_anyway_or_came_back_propose_nothing(outcomes):
    assert propose_rollback(outcomes) == ()


def test_the_canaries_of_a_target_are_its_known_bystanders(facts):
    verdict = guard("203.0.113.6", facts=facts, at=NOW, suspects=["edge2.pirate.example"])
    assert canaries_of(verdict, facts=facts) == ("city-hospital.example",)


def test_a_crowded_address_is_judged_in_time_that_grows_with_its_names(folder):
    rows = "".join(f"203.0.113.90,site{n}.example,2026-01-01,2026-11-24\n" for n in range(5_000))
    (folder / "passive-dns.csv").write_text("address,name,first_seen,last_seen\n" + rows)
    verdict = guard("203.0.113.90", facts=FactsFolder(folder), at=NOW)
    assert verdict.collateral.low == 5_000
    assert len(verdict.collateral.names) == 200


@pytest.mark.parametrize("resolving", [(), ("edge1.pirate.example",)])
def test_a_name_that_becomes_popular_is_not_cut_off_by_its_own_address(folder, resolving):
    suspects = {"http://edge1.pirate.example/live.m3u8"}
    before = guard(
        "203.0.113.5", facts=FactsFolder(folder), at=NOW, suspects=suspects, resolving=resolving
    )
    assert before.decision is Decision.ALLOW
    popular = folder / "popular-domains" / "popular.csv"
    popular.write_text(popular.read_text() + "edge1.pirate.example,x\n")
    after = guard(
        "203.0.113.5", facts=FactsFolder(folder), at=NOW, suspects=suspects, resolving=resolving
    )
    assert after.decision is not Decision.ALLOW
    assert "protected-co-tenant" in codes(after)
    assert "edge1.pirate.example" not in after.narrow_to
