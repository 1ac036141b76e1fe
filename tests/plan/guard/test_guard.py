import json
from datetime import UTC, date, datetime, timedelta
from time import thread_time

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from cautery.messages import say
from cautery.model import CoHosted, Decision, DedicatedFact, GuardVerdict, Lever, from_json, to_json
from cautery.plan import guard
from cautery.plan.guard.address_rules import MOST_OF_CROWD, MOST_TENANTS

from ..conftest import NOW, codes

EDGE = "http://edge1.pirate.example/live/1.m3u8"


def test_austria_2022_an_address_of_a_cdn_is_refused_even_with_evidence_of_dedication(facts):
    verdict = guard("188.114.97.7", facts=facts, at=NOW)
    assert verdict.decision is Decision.REFUSE
    assert "shared-range" in codes(verdict)


def test_austria_2022_the_name_behind_the_cdn_is_proposed_in_its_place(facts):
    verdict = guard(
        "188.114.97.7", facts=facts, at=NOW, suspects=[EDGE], resolving=["edge1.pirate.example"]
    )
    assert verdict.decision is Decision.NARROW
    assert verdict.narrow_to == ("edge1.pirate.example",)


def test_france_2023_a_whole_messenger_is_narrowed_to_the_one_page(facts):
    verdict = guard("t.me", facts=facts, at=NOW, suspects=["https://t.me/pirate_channel"])
    assert verdict.decision is Decision.NARROW
    assert verdict.narrow_to == ("https://t.me/pirate_channel",)
    assert verdict.collateral.popular == ("t.me",)


def test_france_2023_the_page_itself_needs_a_second_approver(facts):
    url = "https://t.me/pirate_channel"
    assert guard(url, facts=facts, at=NOW).decision is Decision.REFUSE
    named = guard(url, facts=facts, at=NOW, popular_second_approver="B. Chief")
    assert named.decision is Decision.ALLOW


def test_netherlands_2023_a_data_centre_is_wider_than_a_host_and_its_tenants_are_counted(facts):
    verdict = guard("203.0.113.0/24", facts=facts, at=NOW, suspects=[EDGE])
    assert "wider-than-host" in codes(verdict)
    assert verdict.decision is Decision.NARROW
    assert verdict.narrow_to == ("edge1.pirate.example",)
    assert set(verdict.collateral.names) >= {"city-hospital.example", "bakery.example"}


@pytest.mark.parametrize("address", ["128.14.3.4", "104.64.1.1", "2606:4700::1"])
def test_italy_2024_each_cdn_address_is_refused_in_ipv4_and_ipv6(facts, address):
    assert "shared-range" in codes(guard(address, facts=facts, at=NOW))


def test_italy_2024_an_address_recycled_to_an_innocent_buyer_is_not_allowed(facts):
    verdict = guard("203.0.113.7", facts=facts, at=NOW, suspects=["edge3.pirate.example"])
    assert verdict.decision is not Decision.ALLOW
    assert {"recycled-address", "co-hosted"} <= codes(verdict)
    assert "bakery.example" in verdict.collateral.names


def test_italy_2024_an_address_that_a_pirate_took_over_lately_is_not_allowed_either(facts):
    verdict = guard("203.0.113.8", facts=facts, at=NOW, suspects=["edge4.pirate.example"])
    assert "recycled-address" in codes(verdict)


def test_italy_2024_a_service_name_of_a_popular_site_is_refused(facts):
    verdict = guard("drive.usercontent.google.com", facts=facts, at=NOW)
    assert verdict.decision is Decision.REFUSE
    assert "popular-name" in codes(verdict)


def test_the_parent_of_a_popular_host_is_popular_too(facts):
    assert "popular-name" in codes(guard("shop.example", facts=facts, at=NOW))


def test_spain_2025_the_collateral_of_a_shared_address_has_no_upper_bound(facts):
    verdict = guard("188.114.97.7", facts=facts, at=NOW)
    assert verdict.collateral.high is None


def test_a_hospital_on_the_same_address_refuses_it_and_is_named(facts):
    verdict = guard("203.0.113.6", facts=facts, at=NOW, suspects=["edge2.pirate.example"])
    assert verdict.narrow_to == ("edge2.pirate.example",)
    assert {"co-hosted", "protected-co-tenant"} <= codes(verdict)
    assert verdict.collateral.names == ("city-hospital.example",)
    assert verdict.collateral.kinds == ("hospital",)


@pytest.mark.parametrize("address", ["203.0.113.5", "2001:db8::5", "203.0.113.5/32"])
def test_a_dedicated_address_is_allowed_in_ipv4_and_ipv6(facts, address):
    verdict = guard(address, facts=facts, at=NOW, suspects=[EDGE])
    assert verdict.decision is Decision.ALLOW
    assert (verdict.collateral.low, verdict.collateral.high) == (0, 0)


def test_without_evidence_of_dedication_co_hosting_is_unknown_and_the_name_is_proposed(facts):
    verdict = guard("203.0.113.9", facts=facts, at=NOW, suspects=["edge5.pirate.example"])
    assert "unknown-co-hosting" in codes(verdict)
    assert verdict.narrow_to == ("edge5.pirate.example",)


def test_an_address_of_which_nothing_is_known_is_refused(facts):
    verdict = guard("203.0.113.77", facts=facts, at=NOW)
    assert verdict.decision is Decision.REFUSE
    assert verdict.collateral.high is None


def test_without_passive_dns_even_a_clean_address_is_refused(without):
    facts = without("passive-dns.csv")
    assert "unknown-co-hosting" in codes(guard("203.0.113.77", facts=facts, at=NOW))


def test_old_evidence_of_dedication_does_not_count(facts):
    old = DedicatedFact(
        address="203.0.113.9",
        dedicated_to="pirate.example",
        evidence="contract",
        evidence_date=date(2026, 7, 1),
    )
    verdict = guard("203.0.113.9", facts=facts, at=NOW, dedicated=old)
    assert "stale-facts" in codes(verdict)


def test_an_address_dedicated_to_somebody_else_is_refused(facts):
    verdict = guard("203.0.113.5", facts=facts, at=NOW, suspects=["other.example"])
    assert "dedicated-to-another" in codes(verdict)


def test_stale_facts_refuse_and_name_the_remedy(facts):
    verdict = guard("203.0.113.5", facts=facts, at=NOW + timedelta(days=20), suspects=[EDGE])
    assert verdict.decision is Decision.REFUSE
    stale = next(one for one in verdict.reasons if one.code == "stale-facts")
    assert "renew" in say(stale.text)


def test_a_missing_list_of_popular_names_refuses_every_name(without):
    facts = without("popular-domains/popular.csv")
    assert "stale-facts" in codes(guard("edge1.pirate.example", facts=facts, at=NOW))


def test_a_missing_list_of_shared_ranges_refuses_every_address(without):
    facts = without("cdn-hosting-ranges/ranges.csv.xz")
    assert "stale-facts" in codes(guard("203.0.113.5", facts=facts, at=NOW, suspects=[EDGE]))


def test_a_verdict_never_outlives_the_facts_it_rests_on(facts):
    at = datetime(2026, 11, 26, 23, 30, tzinfo=UTC)
    verdict = guard("203.0.113.5", facts=facts, at=at, suspects=[EDGE])
    assert verdict.decision is Decision.ALLOW
    assert at < verdict.valid_until <= datetime(2026, 11, 27, tzinfo=UTC)


@pytest.mark.parametrize("name", ["co.uk", "com", "example", "pages.example", "localhost"])
def test_a_public_suffix_of_either_section_is_refused(facts, name):
    assert "public-suffix" in codes(guard(name, facts=facts, at=NOW))


def test_a_customers_name_below_a_private_suffix_is_allowed(facts):
    assert guard("pirate.pages.example", facts=facts, at=NOW).decision is Decision.ALLOW


def test_a_dynamic_dns_zone_is_refused_and_one_customers_name_in_it_is_not(facts):
    assert "dynamic-dns" in codes(guard("dyn.example", facts=facts, at=NOW))
    assert guard("pirate.dyn.example", facts=facts, at=NOW).decision is Decision.ALLOW


@pytest.mark.parametrize("name", ["www.mybank.example", "uni.example", "city-hospital.example"])
def test_names_of_protected_kinds_are_refused(facts, name):
    assert "protected-kind" in codes(guard(name, facts=facts, at=NOW))


def test_a_public_resolver_and_a_parking_server_are_refused(facts):
    assert "public-dns" in codes(guard("9.9.9.9", facts=facts, at=NOW))
    assert "parking" in codes(guard("203.0.113.200", facts=facts, at=NOW))


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "::1", "fe80::1", "224.0.0.1"])
def test_private_and_reserved_addresses_are_refused(facts, address):
    assert "not-public" in codes(guard(address, facts=facts, at=NOW))


def test_a_labs_own_range_may_be_judged_like_any_other(facts):
    verdict = guard("127.0.0.9", facts=facts, at=NOW, allow=["127.0.0.0/8"])
    assert "not-public" not in codes(verdict)


def test_an_ipv4_address_written_as_ipv6_is_the_same_address(facts):
    verdict = guard("::ffff:188.114.97.7", facts=facts, at=NOW)
    assert verdict.target == "188.114.97.7"
    assert "shared-range" in codes(verdict)


@pytest.mark.parametrize(
    "target",
    [
        "",
        "a b",
        "1.2.3.4:80",
        "010.1.2.3",
        "0x7f.1",
        "999.1.1.1",
        "http://",
        "-x.example",
        "http://me:secret@h.example/a",
        "ftp://h.example/a",
        "fe80::1%eth0",
        "1.2.3.4/33",
        "a..b",
    ],
)
def test_what_is_no_target_is_refused_as_such(facts, target):
    verdict = guard(target, facts=facts, at=NOW)
    assert (verdict.decision, codes(verdict)) == (Decision.REFUSE, {"invalid-target"})


def test_a_refused_login_is_not_repeated(facts):
    verdict = guard("http://me:secret@h.example/a", facts=facts, at=NOW)
    assert "secret" not in say(verdict.reasons[0].text)


def test_a_wildcard_is_wider_than_a_host(facts):
    assert "wider-than-host" in codes(guard("*.pirate.example", facts=facts, at=NOW))


def test_the_url_of_a_whole_site_is_judged_as_its_name(facts):
    verdict = guard("https://t.me/", facts=facts, at=NOW)
    assert verdict.lever is Lever.NAME
    assert "popular-name" in codes(verdict)


def test_a_url_with_a_hidden_part_is_not_exact(facts):
    url = "http://edge1.pirate.example/live/~0123456789abcdef/1.ts"
    assert "not-exact" in codes(guard(url, facts=facts, at=NOW))


def test_a_name_that_also_carries_a_licensed_stream_is_narrowed_to_the_urls(facts):
    verdict = guard(
        "edge1.pirate.example",
        facts=facts,
        at=NOW,
        suspects=[EDGE],
        lawful=["http://edge1.pirate.example/partner/1.m3u8"],
    )
    assert verdict.narrow_to == (EDGE,)
    assert "lawful-content" in codes(verdict)


def test_a_name_above_a_lawful_one_is_not_blocked_whole(facts):
    verdict = guard("pirate.example", facts=facts, at=NOW, lawful=["http://tv.pirate.example/1"])
    assert "lawful-content" in codes(verdict)


def test_case_dots_and_unicode_are_one_name(facts):
    assert guard("EDGE1.Pirate.Example.", facts=facts, at=NOW).target == "edge1.pirate.example"
    assert guard("bücher.example", facts=facts, at=NOW).target == "xn--bcher-kva.example"


@pytest.mark.parametrize(
    "target",
    [
        "188.114.97.7", "203.0.113.6", "203.0.113.7", "203.0.113.8", "203.0.113.77", "9.9.9.9",
        "2606::/16", "64:ff9b::cb00:7105", "10.0.0.1", "*.pirate.example", "co.uk", "t.me",
        "https://t.me/pirate_channel", "x.dyn.example", "dyn.example", "uni.example", "a..b",
    ],
)  # fmt: skip
def test_a_verdict_is_the_same_once_it_was_written_and_read(facts, target):
    verdict = guard(target, facts=facts, at=NOW, suspects=[EDGE])
    assert from_json(GuardVerdict, json.loads(rfc8785.dumps(to_json(verdict)))) == verdict
    for reason in verdict.reasons:
        assert reason.text.id.startswith("guard.")
        assert "%(" not in say(reason.text)


@given(st.text(max_size=60))
def test_no_text_breaks_the_guard_and_no_verdict_lacks_a_reason(text):
    verdict = guard(text, facts=Nothing(), at=NOW)
    assert verdict.reasons
    assert verdict.decision is not Decision.ALLOW


@given(st.ip_addresses())
def test_where_nothing_is_known_no_address_is_allowed(address):
    assert guard(str(address), facts=Nothing(), at=NOW).decision is Decision.REFUSE


class Nothing:
    def network_of(self, address):
        return None

    shared = dedicated = dated = owner_of = country_of = network_of

    def names_on(self, address):
        return ()

    addresses_of = kinds_of = names_on

    def names_within(self, first, last, *, most):
        return ()

    shared_within = names_within

    def kinds_within(self, first, last):
        return ()

    def known(self, fact):
        return False

    def knows_hosting(self):
        return False

    def popular(self, name):
        return False

    parks = popular

    def registered_domain(self, name):
        return name if "." in name else None

    def valid(self, fact, at):
        return False


def test_of_a_wide_range_few_names_are_looked_at(facts):
    asked = []

    class Counting:
        def __getattr__(self, name):
            return getattr(facts, name)

        def names_within(self, first, last, *, most):
            asked.append(most)
            return facts.names_within(first, last, most=most)

    verdict = guard("0.0.0.0/0", facts=Counting(), at=NOW, suspects=())
    assert verdict.decision is Decision.REFUSE
    assert asked
    assert max(asked) <= 200


@pytest.mark.parametrize("count", [MOST_TENANTS, 8_000])
def test_many_names_at_one_address_are_judged_in_linear_time_and_a_crowd_is_not_gone_through(
    facts, count
):
    rows = tuple(
        CoHosted(
            address="198.51.100.7",
            name=f"n{number}.site{number}.example",
            first_seen=NOW - timedelta(days=300),
            last_seen=NOW - timedelta(days=0 if number % 2 else 200),
            fact="passive-dns",
        )
        for number in range(count)
    )

    looked_at = set()

    class Crowded:
        def __getattr__(self, name):
            return getattr(facts, name)

        def names_on(self, address):
            return rows

        def popular(self, name):
            looked_at.add(name)
            return facts.popular(name)

    suspects = [f"n{number}.site{number}.example" for number in range(0, 2_000, 2)]
    began = thread_time()
    verdict = guard("198.51.100.7", facts=Crowded(), at=NOW, suspects=suspects)
    assert thread_time() - began < 8  # it was half a minute
    assert verdict.decision is not Decision.ALLOW
    assert verdict.collateral.high is None
    crowd = [reason for reason in verdict.reasons if reason.text.id == "guard.co-hosted.crowd"]
    assert len(crowd) == (count > MOST_TENANTS)
    assert (len(looked_at) <= MOST_OF_CROWD) == bool(crowd)
