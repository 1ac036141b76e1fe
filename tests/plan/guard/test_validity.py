"""A verdict holds no longer than any fact that it rests on, also one in which nothing was found."""

from datetime import UTC, date, datetime, timedelta

import pytest

from cautery.adapters.facts_folder import FactsFolder
from cautery.messages import say
from cautery.model import Decision, DedicatedFact, Override
from cautery.plan import guard, parse_target

NOW = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
TOMORROW = datetime(2026, 11, 25, tzinfo=UTC)
"""The end of the day on which a fact of today with no further validity ends."""
FRESH = DedicatedFact(
    address="203.0.113.5",
    dedicated_to="pirate.example",
    evidence="the hoster's reply",
    evidence_date=date(2026, 11, 23),
)
LISTS = {
    "bank-website": "value\n.mybank.example\n",
    "university_domains": "value\nuni.example\n",
    "dynamic-dns": "value\n.dyn.example\n",
    "link-in-bio": "value\nlinks.example\n",
    "url-shortener": "value\nshort.example\n",
    "disposable-email": "value\nmail.example\n",
    "cdn-cname-suffixes": "value\nedge.example\n",
    "protected-names": "name,kind\ncity-hospital.example,hospital\n",
    "public-dns-v4": "value\n9.9.9.9\n",
    "parking-domain": "value\n203.0.113.200/32\n",
    "sinkholes": "value\n203.0.113.201/32\n",
    "owners": "target,owner,since,source\n198.51.100.1,Somebody,2026-01-01,RIPE\n",
    "asn-ipv4": "start,end,asn\n203.0.113.0,203.0.113.255,64501\n",
    "asn-ipv6": "start,end,asn\n2001:db8::,2001:db8::ffff,64501\n",
    "asn-names": "asn,org\n64501,City Telecom\n",
    "certificates": "address,name,first_seen,last_seen\n",
    "popular": "domain,lists\ngoogle.com,t\n",
    "dedicated": "address,dedicated_to,evidence,evidence_date\n"
    "203.0.113.5,pirate.example,reply,2026-11-20\n",
}
OF_NAMES = {
    "bank-website",
    "university_domains",
    "dynamic-dns",
    "link-in-bio",
    "url-shortener",
    "disposable-email",
    "cdn-cname-suffixes",
    "protected-names",
    "owners",
    "popular",
}


def with_fact(folder, name, *, days):
    """Give a folder one fact that was of use on the day before, and is for so many days."""
    for old in folder.rglob(f"{name}.csv*"):
        old.unlink()
    (folder / f"{name}.csv").write_text(LISTS[name])
    toml = folder / "facts.toml"
    kept = toml.read_text().split("[facts.")
    kept = [one for one in kept if not one.startswith(f"{name}]")]
    said = f"{name}]\ndate = 2026-11-23\nvalid_days = {days}\n"
    toml.write_text("[facts.".join([*kept, said]))
    return FactsFolder(folder)


@pytest.mark.parametrize("name", sorted(OF_NAMES))
def test_a_name_passes_no_longer_than_each_list_that_it_is_not_on(folder, name):
    verdict = guard("edge9.fresh.example", facts=with_fact(folder, name, days=1), at=NOW)
    assert verdict.decision is Decision.ALLOW
    assert verdict.valid_until <= TOMORROW


@pytest.mark.parametrize("name", sorted(OF_NAMES))
def test_a_name_is_refused_when_a_list_that_it_is_not_on_is_stale(folder, name):
    verdict = guard("edge9.fresh.example", facts=with_fact(folder, name, days=0), at=NOW)
    assert verdict.decision is Decision.REFUSE
    assert name in {one.fact for one in verdict.reasons if one.code == "stale-facts"}


OF_ADDRESSES = sorted(set(LISTS) - {"asn-ipv6"})


@pytest.mark.parametrize("name", OF_ADDRESSES)
def test_an_address_passes_no_longer_than_each_fact_asked_about_it(folder, name):
    at = datetime(2026, 11, 24, 23, 0, tzinfo=UTC)  # less than the two hours of any verdict
    facts = with_fact(folder, name, days=1)
    if name.startswith("asn"):
        facts = with_fact(folder, "asn-names" if name == "asn-ipv4" else "asn-ipv4", days=30)
    verdict = guard("203.0.113.5", facts=facts, at=at)
    assert verdict.decision is Decision.ALLOW
    assert verdict.valid_until <= TOMORROW


def test_an_ipv6_address_rests_on_the_table_of_its_own_kind(folder):
    with_fact(folder, "asn-names", days=30)
    stale = with_fact(folder, "asn-ipv6", days=0)
    verdict = guard("2001:db8::5", facts=stale, at=NOW)
    assert "asn-ipv6" in {one.fact for one in verdict.reasons if one.code == "stale-facts"}


def test_a_stale_list_of_dedication_refuses_unless_the_evidence_is_the_callers_own(folder):
    facts = with_fact(folder, "dedicated", days=0)
    assert guard("203.0.113.5", facts=facts, at=NOW).decision is Decision.REFUSE
    mine = guard("203.0.113.5", facts=facts, at=NOW, dedicated=FRESH)
    assert mine.decision is Decision.ALLOW


def test_a_list_of_no_known_day_is_no_ground_to_pass(folder):
    (folder / "link-in-bio.csv").write_text(LISTS["link-in-bio"])
    verdict = guard("edge9.fresh.example", facts=FactsFolder(folder), at=NOW)
    assert verdict.decision is Decision.REFUSE


def reasons(verdict, code):
    return [say(reason.text) for reason in verdict.reasons if reason.code == code]


@pytest.mark.parametrize(
    ("target", "provider"),
    [
        ("188.112.0.0/14", "cloudflare"),
        ("104.0.0.0/6", "akamai"),
        ("2606::/16", "cloudflare"),
        ("2002:bc72:6000::/36", "cloudflare"),
        ("64:ff9b::bc72:0/112", "cloudflare"),
    ],
)
def test_a_range_is_judged_by_all_that_lies_in_it(facts, target, provider):
    verdict = guard(target, facts=facts, at=NOW)
    assert any(provider in one for one in reasons(verdict, "shared-range"))
    assert "cdn" in verdict.collateral.kinds


def test_a_range_with_nothing_shared_in_it_says_so_by_silence(facts):
    assert reasons(guard("203.0.113.0/24", facts=facts, at=NOW), "shared-range") == []


def test_a_protected_address_inside_a_range_is_told(facts):
    assert reasons(guard("9.9.9.0/24", facts=facts, at=NOW), "public-dns")
    assert reasons(guard("203.0.112.0/23", facts=facts, at=NOW), "parking")


@pytest.mark.parametrize("target", ["8.0.0.0/6", "10.1.0.0/16", "0.0.0.0/0", "::/0", "fc00::/6"])
def test_a_range_that_holds_private_addresses_is_nobodys_to_override(facts, target):
    override = Override(
        target=parse_target(target).text,
        by=("A. One", "B. Two"),
        reason="a slip",
        at=NOW,
        until=NOW + timedelta(hours=1),
    )
    verdict = guard(target, facts=facts, at=NOW, override=override)
    assert verdict.decision is Decision.REFUSE
    assert reasons(verdict, "not-public")


def test_the_whole_of_both_internets_is_judged_in_bounded_words(facts):
    for target in ("0.0.0.0/0", "::/0"):
        verdict = guard(target, facts=facts, at=NOW)
        assert reasons(verdict, "shared-range")
        assert len(verdict.reasons) < 60
