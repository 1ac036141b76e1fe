"""What somebody tries who wants a harmful block allowed: rows that lie, spellings, odd places."""

from dataclasses import replace
from datetime import timedelta

import pytest

from cautery.adapters.facts_folder import FactsFolder
from cautery.errors import InputError
from cautery.messages import message
from cautery.model import Decision, NetworkFact, Override
from cautery.plan import guard
from cautery.plan.guard.network_kind import NetworkKind, kind_of_network, sharing_kind
from cautery.plan.guard.well_known import RESOLVERS, ROOT_SERVERS

from ..conftest import NOW, OURS, codes


@pytest.mark.parametrize(
    ("organisation", "shares", "kind"),
    [
        ("Facebook, Inc.", (("hosting", 0.2), ("service", 0.8)), NetworkKind.SERVICE),
        ("Somebody's Messenger", (("service", 0.9),), NetworkKind.SERVICE),
        ("Wikimedia Foundation Inc.", (), NetworkKind.SERVICE),
        ("B.Root-Server-OPS", (), NetworkKind.SERVICE),
        ("Quad9", (), NetworkKind.SERVICE),
        ("University of Maryland", (), NetworkKind.INSTITUTION),
        ("Deutsche Bank AG", (), NetworkKind.INSTITUTION),
        ("Yandex.Cloud LLC", (), NetworkKind.CLOUD),
        ("Databank Holdings", (), None),
    ],
)
def test_who_leases_nothing_is_known_by_name_or_by_what_is_published(organisation, shares, kind):
    network = NetworkFact(
        address="192.0.2.1", asn=1, organisation=organisation, country=None, shares=shares
    )
    assert kind_of_network(network) is kind


def test_no_evidence_makes_a_host_of_an_encyclopaedia_a_pirates(folder):
    (folder / "asn-ipv4.csv").write_text("start,end,asn\n192.0.2.0,192.0.2.255,64500\n")
    (folder / "asn-names.csv").write_text("asn,org\n64500,Wikimedia Foundation Inc.\n")
    toml = folder / "facts.toml"
    toml.write_text(
        toml.read_text()
        + "[facts.asn-ipv4]\ndate = 2026-11-01\n[facts.asn-names]\ndate = 2026-11-01\n"
    )
    verdict = guard("192.0.2.77", facts=FactsFolder(folder), at=NOW, dedicated=OURS)
    assert verdict.decision is Decision.REFUSE
    assert "service-network" in codes(verdict)
    assert verdict.collateral.kinds == ("service",)


@pytest.mark.parametrize("address", [*ROOT_SERVERS.split(), *RESOLVERS.split()])
def test_root_servers_and_resolvers_are_refused_whatever_a_row_says(facts, address):
    verdict = guard(address, facts=facts, at=NOW, dedicated=replace(OURS, address=address))
    assert verdict.decision is Decision.REFUSE
    assert codes(verdict) & {"root-server", "public-dns"}


def test_a_range_around_a_root_server_says_so(facts):
    assert "root-server" in codes(guard("2001:500:2::/64", facts=facts, at=NOW))


@pytest.mark.parametrize(
    "said", ["-", "?", " -- ", "n/a", "N/A", "unknown", "none", "no evidence", "tbd", "...", "yes"]
)
@pytest.mark.parametrize("column", ["dedicated_to", "evidence"])
def test_what_only_fills_a_column_is_no_evidence(facts, said, column):
    verdict = guard("192.0.2.77", facts=facts, at=NOW, dedicated=replace(OURS, **{column: said}))
    assert "unknown-co-hosting" in codes(verdict)


@pytest.mark.parametrize(
    "customer", ["several customers", "shared", "various, see ticket", "multiple resellers"]
)
def test_an_address_of_several_customers_is_dedicated_to_none(facts, customer):
    verdict = guard(
        "192.0.2.77", facts=facts, at=NOW, dedicated=replace(OURS, dedicated_to=customer)
    )
    assert "unknown-co-hosting" in codes(verdict)


@pytest.mark.parametrize("customer", ["Nobel Streams Ltd", "notary-tv.example", "Manyworlds TV"])
def test_customers_whose_names_begin_like_such_words_are_customers(facts, customer):
    verdict = guard(
        "192.0.2.77", facts=facts, at=NOW, dedicated=replace(OURS, dedicated_to=customer)
    )
    assert verdict.decision is Decision.ALLOW


@pytest.mark.parametrize(
    "customer", ["https://google.com/", "GOOGLE.COM.", "Google LLC", "Deutsche Bank"]
)
def test_an_address_dedicated_to_a_popular_or_protected_customer_is_refused(facts, customer):
    verdict = guard(
        "192.0.2.77", facts=facts, at=NOW, dedicated=replace(OURS, dedicated_to=customer)
    )
    assert "protected-co-tenant" in codes(verdict)


def test_a_hoster_as_customer_is_no_protected_one():
    assert sharing_kind("Hetzner Online GmbH") is None


@pytest.mark.parametrize(
    "spelt", ["192.0.2.77/32", "::ffff:192.0.2.77", "http://192.0.2.77/", "http://192.0.2.77:8080"]
)
def test_evidence_counts_in_whatever_spelling_of_its_address(facts, spelt):
    verdict = guard(spelt, facts=facts, at=NOW, dedicated=replace(OURS, address=spelt))
    assert verdict.decision is Decision.ALLOW


def test_evidence_of_another_address_does_not_count(facts):
    told = replace(OURS, address="192.0.2.78")
    assert "unknown-co-hosting" in codes(guard("192.0.2.77", facts=facts, at=NOW, dedicated=told))


def test_two_customers_of_one_dynamic_dns_zone_are_strangers(folder):
    hosting = folder / "passive-dns.csv"
    hosting.write_text(
        hosting.read_text()
        + "192.0.2.77,www.pirate.dyn.example,2026-09-01,2026-11-24\n"
        + "192.0.2.77,bakery.dyn.example,2026-09-01,2026-11-24\n"
    )
    verdict = guard(
        "192.0.2.77",
        facts=FactsFolder(folder),
        at=NOW,
        suspects=["pirate.dyn.example"],
        dedicated=replace(OURS, dedicated_to="pirate.dyn.example"),
    )
    assert verdict.collateral.names == ("bakery.dyn.example",)
    assert "co-hosted" in codes(verdict)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("objects.usercontent.example", "popular-name"),
        ("ministry.gov.uk", "protected-kind"),
        ("www.town.gouv.example", "protected-kind"),
        ("school.ac.uk", "protected-kind"),
    ],
)
def test_a_zones_own_servers_and_public_bodies_are_refused(folder, name, code):
    suffixes = folder / "public_suffix_list.dat"
    suffixes.write_text(
        suffixes.read_text()
        .replace("co.uk\n", "co.uk\ngov.uk\nac.uk\nac\ngouv.example\n")
        .replace("pages.example\n", "pages.example\nusercontent.example\n")
    )
    popular = folder / "popular-domains/popular.csv"
    popular.write_text(popular.read_text() + "usercontent.example,t\n")
    facts = FactsFolder(folder)
    assert code in codes(guard(name, facts=facts, at=NOW))
    for tenant in ("pirate.usercontent.example", "objects.pages.example", "pirate.ac"):
        assert guard(tenant, facts=facts, at=NOW).decision is Decision.ALLOW


def test_sharp_s_is_a_letter_of_its_own(facts):
    verdict = guard("stra\u00dfe.example", facts=facts, at=NOW)
    assert verdict.target == "xn--strae-oqa.example"
    assert guard("STRASSE.example", facts=facts, at=NOW).target == "strasse.example"


def test_a_name_that_looks_like_another_is_told_as_it_is_looked_up(facts):
    verdict = guard("g\u043e\u043egle.com", facts=facts, at=NOW)
    assert verdict.target == "xn--ggle-55da.com"
    spelling = message("guard.spelling", target=verdict.target)
    assert any(reason.text == spelling for reason in verdict.reasons)


@pytest.mark.parametrize(
    "by",
    [
        ("Jos\u00e9 One", "Jose\u0301 One"),
        ("A. One", "A.One"),
        ("A One", "\uff21 One"),
        ("A One", "a\u200b one"),
    ],
)
def test_one_person_spelt_twice_is_one(by):
    with pytest.raises(InputError, match="two different people"):
        Override(target="192.0.2.77", by=by, reason="seen", at=NOW, until=NOW + timedelta(hours=1))


def test_bystanders_are_never_fewer_at_most_than_at_least(facts):
    verdict = guard(
        "192.0.2.77", facts=facts, at=NOW, dedicated=OURS, lawful=["http://192.0.2.77/school"]
    )
    assert verdict.collateral.low == 1
    assert verdict.collateral.high is None


def test_nobody_is_no_second_approver(facts):
    url = "https://t.me/pirate_channel"
    assert guard(url, facts=facts, at=NOW, popular_second_approver="B. Two").decision is (
        Decision.ALLOW
    )
    for nobody in ("-", "n/a", "none", " "):
        verdict = guard(url, facts=facts, at=NOW, popular_second_approver=nobody)
        assert codes(verdict) == {"second-approver"}


@pytest.mark.parametrize("reason", ["", " ", ".", "--"])
def test_an_override_has_a_reason_in_words(reason):
    with pytest.raises(InputError, match="needs a reason"):
        Override(
            target="192.0.2.77",
            by=("A. One", "B. Two"),
            reason=reason,
            at=NOW,
            until=NOW + timedelta(hours=1),
        )


@pytest.mark.parametrize(
    "url",
    [
        "https://google.com./",
        "HTTPS://GOOGLE.COM:443",
        "https://google.com/?",
        "https://google.com/#top",
        "https://\uff47\uff4f\uff4f\uff47\uff4c\uff45.com/",
    ],
)
def test_the_url_of_a_whole_popular_site_is_the_site(facts, url):
    verdict = guard(url, facts=facts, at=NOW, popular_second_approver="B. Two")
    assert (verdict.lever, verdict.decision) == ("name", Decision.REFUSE)
    assert "popular-name" in codes(verdict)
