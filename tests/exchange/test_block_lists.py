from datetime import UTC, datetime, timedelta

import dns.rdatatype
import dns.zone
import pytest

from cautery.errors import InputError
from cautery.exchange import nftables_set, rpz_zone
from cautery.model import BlockEntry, GuardVerdict, Lever, Reason, Referral, Window
from cautery.model.intervention import Decision
from cautery.model.message import as_written

NOW = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)


def entry(target, lever=Lever.NAME, minutes=30):
    guard = GuardVerdict(
        target=target,
        lever=lever,
        decision=Decision.ALLOW,
        reasons=(Reason(code="x", text=as_written("x")),),
        valid_until=NOW + timedelta(hours=2),
    )
    return BlockEntry(
        target=target,
        lever=lever,
        valid_until=NOW + timedelta(minutes=minutes),
        guard=guard,
        exhibits=(),
    )


def referral(*entries, id="R-1"):
    return Referral(
        id=id,
        order="O-1",
        event=None,
        territory="FR",
        statement="s",
        entries=entries,
        window=Window(start=NOW - timedelta(hours=1), end=NOW + timedelta(hours=2)),
    )


ALL = referral(
    entry("pirate.example"),
    entry("ended.example", minutes=-1),
    entry("203.0.113.5", Lever.ADDRESS),
    entry("2001:db8::5", Lever.ADDRESS, minutes=10),
    entry("http://h.example/1.m3u8", Lever.URL),
)


def zone(text):
    return dns.zone.from_text(text, origin="rpz.isp.example.", relativize=True)


def test_the_zone_answers_nxdomain_for_what_holds_and_nothing_else():
    parsed = zone(rpz_zone(ALL, zone="rpz.isp.example", serial=7, at=NOW))
    blocked = {str(name) for name, _, _ in parsed.iterate_rdatas(dns.rdatatype.CNAME)}
    assert blocked == {"pirate.example", "32.5.113.0.203.rpz-ip", "128.5.zz.db8.2001.rpz-ip"}
    assert parsed.get_soa().serial == 7


def test_wildcards_are_written_only_when_asked_for():
    assert "*." not in rpz_zone(ALL, zone="rpz.isp.example", serial=1, at=NOW)
    assert "*.pirate.example CNAME ." in rpz_zone(
        ALL, zone="rpz.isp.example", serial=1, at=NOW, wildcards=True
    )


def test_each_record_carries_its_end_and_left_out_urls_are_counted():
    text = rpz_zone(ALL, zone="rpz.isp.example", serial=1, at=NOW)
    assert "; until 2026-11-24T20:30:00.000000Z\npirate.example CNAME ." in text
    assert "1 URL(s)" in text


def test_records_do_not_live_in_caches_beyond_the_next_end():
    assert "$TTL 60" in rpz_zone(
        referral(entry("a.example", minutes=1)), zone="z.example", serial=1, at=NOW
    )


@pytest.mark.parametrize(
    "bad", ["a.example CNAME evil.example.", "a;b.example", "a\nb.example", "$INCLUDE", ""]
)
def test_a_name_that_would_be_read_as_code_is_refused(bad):
    with pytest.raises(InputError):
        rpz_zone(referral(entry(bad)), zone="z.example", serial=1, at=NOW)


def test_a_referrals_id_cannot_break_out_of_its_comment():
    text = rpz_zone(
        referral(entry("a.example"), id="R\n* CNAME ."), zone="z.example", serial=1, at=NOW
    )
    assert "\n* CNAME" not in text
    assert "\nflush ruleset" not in nftables_set(referral(id="R\nflush ruleset"), at=NOW)


def test_each_address_has_its_own_timeout_in_the_set_of_its_family():
    text = nftables_set(ALL, at=NOW)
    assert "add element inet cautery blocked4 { 203.0.113.5 timeout 1800s }" in text
    assert "add element inet cautery blocked6 { 2001:db8::5 timeout 600s }" in text
    assert "pirate.example" not in text


@pytest.mark.parametrize("bad", ["203.0.113.0/24", "0.0.0.0/0", "1.2.3.4 }; flush ruleset"])
def test_only_single_addresses_are_written(bad):
    with pytest.raises(InputError):
        nftables_set(referral(entry(bad, Lever.ADDRESS)), at=NOW)


def test_a_tables_name_is_a_word():
    with pytest.raises(InputError):
        nftables_set(ALL, at=NOW, table="x { }")
