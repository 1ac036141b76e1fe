"""The drivers on nft, BIND, unbound and PowerDNS Recursor themselves (Debian's packages)."""

import asyncio
import importlib.util
import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import dns.edns
import dns.rdatatype
import pytest

from cautery.errors import SourceError
from cautery.model import (
    BlockEntry,
    Decision,
    GuardVerdict,
    Intermediary,
    Lever,
    OwnLocation,
    Reason,
    Referral,
    Window,
    host_of,
)
from cautery.model.message import as_written
from cautery.model.records import BlockLifted
from cautery.workflows.watch.acting.effects import EffectWatch
from cautery_provider.blocks import Block
from cautery_provider.drivers import DriverError
from cautery_provider.drivers.bind import Bind, read_key
from cautery_provider.drivers.bind_file import BindFile
from cautery_provider.drivers.nftables import Nftables
from cautery_provider.drivers.powerdns import PowerDns
from cautery_provider.drivers.unbound import Unbound

PATH = Path(__file__).resolve().parents[2] / "bench" / "provider" / "resolvers.py"
SPEC = importlib.util.spec_from_file_location("provider_resolvers", PATH)
resolvers = importlib.util.module_from_spec(SPEC)
sys.modules[SPEC.name] = resolvers
SPEC.loader.exec_module(resolvers)

ZONE = resolvers.ZONE
PROVIDER = Intermediary(name="isp", territory="FR", proxy=OwnLocation("http://isp.example:80"))


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    missing = resolvers.missing()
    if missing or os.geteuid() != 0:
        pytest.skip(f"needs root and {', '.join(missing) or 'all of its tools'}")
    with resolvers.Resolvers(tmp_path_factory.mktemp("real")) as running:
        yield running


def made(machine, name):
    """A driver of a resolver that remembers nothing yet."""
    if name == "bind":
        key = read_key(machine.key_file)
        return Bind(zone=ZONE, key=key, server="127.0.0.1", port=machine.ports["bind"])
    kinds = {"bind-file": BindFile, "unbound": Unbound, "powerdns": PowerDns}
    return kinds[name](zone=ZONE, file=machine.zone_file(name), command=machine.control(name))


def names(*targets):
    until = datetime.now(UTC) + timedelta(hours=1)
    return [Block("name", target, until) for target in targets]


def applied(machine, name, *targets):
    """Apply to one resolver; return its answer about what cannot stand."""
    return made(machine, name).apply(names(*targets), datetime.now(UTC))


def soon(condition):
    """Wait for a resolver that takes a change within a second or so."""
    last = time.monotonic() + 30
    while not condition() and time.monotonic() < last:
        time.sleep(0.05)
    return condition()


@pytest.fixture(params=resolvers.RESOLVERS)
def resolver(request, machine):
    yield request.param
    made(machine, request.param).apply([], datetime.now(UTC))


def test_a_name_is_blocked_and_opened_and_no_name_below_it(machine, resolver):
    driver = made(machine, resolver)
    assert driver.check() == []
    assert not machine.is_blocked(resolver, "pirate.example")  # now it is in the cache, open
    driver.apply(names("pirate.example", "other.example"), datetime.now(UTC))
    assert soon(lambda: machine.is_blocked(resolver, "pirate.example"))
    assert not machine.is_blocked(resolver, "www.pirate.example")
    assert not machine.is_blocked(resolver, "example")
    driver.apply(names("other.example"), datetime.now(UTC))
    assert soon(lambda: not machine.is_blocked(resolver, "pirate.example"))
    assert machine.is_blocked(resolver, "other.example")


def test_a_signed_name_is_blocked_for_those_who_ask_for_signatures(machine, resolver):
    def signed():
        answer = machine.answer(resolver, "below.signed.example", dnssec=True)
        return dns.rdatatype.RRSIG in [rrset.rdtype for rrset in answer.answer]

    assert soon(signed)
    applied(machine, resolver, "signed.example")
    assert soon(lambda: machine.is_blocked(resolver, "signed.example", dnssec=True))
    assert signed()


def test_a_blocked_answer_lives_ten_seconds_at_most(machine, resolver):
    applied(machine, resolver, "pirate.example")
    assert soon(lambda: machine.is_blocked(resolver, "pirate.example"))
    answer = machine.answer(resolver, "pirate.example")
    lives = [rrset.ttl for rrset in answer.answer + answer.authority + answer.additional]
    assert max(lives, default=0) <= 10
    errors = [int(option.code) for option in answer.options if option.otype == dns.edns.EDE]
    assert errors == ([] if resolver == "unbound" else [16])


def test_a_name_that_is_too_long_is_refused_and_the_others_are_blocked(machine, resolver):
    space = 253 - 1 - len(ZONE)
    fits = ".".join(["a" * 49] * 4 + ["b" * (space - 200 - len(".example")), "example"])
    assert len(fits) == space
    refused = applied(machine, resolver, fits, "b" + fits, "pirate.example", "1.rpz-ip")
    assert [(row.target, row.rule) for row in refused] == [
        ("b" + fits, "name-too-long"),
        ("1.rpz-ip", "name-is-trigger"),
    ]
    assert soon(lambda: machine.is_blocked(resolver, fits))
    assert machine.is_blocked(resolver, "pirate.example")


class Subscriber:
    """Somebody behind a forwarder that caches; and our own probe, which looks from there."""

    def __init__(self, machine, home):
        self.machine, self.home, self.written = machine, home, []

    def now(self):
        return datetime.now(UTC)

    def write(self, content):
        self.written.append(content)

    async def write_aside(self, *contents):
        self.written += contents

    async def fetch(self, url, *, proxy=None, **_):
        if proxy and self.machine.is_blocked(self.home, host_of(url)):
            raise SourceError("no such host")
        return SimpleNamespace(status=200, url=url, hops=(url,), exchanges=())

    def has(self, kind):
        return any(isinstance(content, kind) for content in self.written)


async def test_our_probe_sees_a_name_open_again_behind_a_forwarder_that_caches(
    machine, resolver, monkeypatch
):
    """unbound keeps a blocked answer, too: what is withdrawn is open there when it has ended."""
    monkeypatch.setattr(
        "cautery.workflows.watch.acting.effects.Capturing", lambda fetcher, *_, **__: fetcher
    )
    target = f"{resolver}.pirate.example"
    home = Subscriber(machine, machine.start_forwarder(resolver))
    driver = made(machine, resolver)
    driver.apply(names(target), datetime.now(UTC))
    assert soon(lambda: machine.is_blocked(resolver, target))
    stream = SimpleNamespace(proven=True, url=f"http://{target}/1", played="")
    effects = EffectWatch({"s": stream}, cuts=lambda *_: True, fetcher=home, journal=home)
    effects.add(referral_of(target), PROVIDER)

    async def look_until(condition):
        last = time.monotonic() + 60
        while not condition() and time.monotonic() < last:
            effects.look(home.now())
            await asyncio.sleep(0.1)
        return condition()

    assert await look_until(lambda: any(probe.dark for probe in home.written))
    effects.withdraw("R-1", target)
    driver.apply([], datetime.now(UTC))
    assert soon(lambda: not machine.is_blocked(resolver, target))
    assert await look_until(lambda: home.has(BlockLifted))
    assert not machine.is_blocked(home.home, target)


def referral_of(target):
    """What was published about a name."""
    end = datetime.now(UTC) + timedelta(hours=1)
    verdict = GuardVerdict(
        target=target,
        lever=Lever.NAME,
        decision=Decision.ALLOW,
        reasons=(Reason(code="name", text=as_written("a name of its own")),),
        valid_until=end,
    )
    entry = BlockEntry(target=target, lever=Lever.NAME, valid_until=end, guard=verdict, exhibits=())
    return Referral(
        id="R-1",
        order="o",
        event=None,
        territory="FR",
        window=Window(start=datetime.now(UTC), end=end),
        entries=(entry,),
        statement="why",
    )


def test_six_thousand_names_come_and_end_at_once(machine, resolver):
    driver = made(machine, resolver)
    many = [f"a{number}.example" for number in range(6_000)]
    assert driver.apply(names(*many), datetime.now(UTC)) == []
    assert soon(lambda: machine.is_blocked(resolver, many[-1]))
    assert all(machine.is_blocked(resolver, name) for name in many[::250])
    driver.apply([], datetime.now(UTC))
    for name in (*many[::250], many[-1]):
        assert soon(lambda name=name: not machine.is_blocked(resolver, name))


def test_a_new_driver_takes_away_what_an_old_process_left(machine, resolver):
    applied(machine, resolver, "pirate.example")
    assert soon(lambda: machine.is_blocked(resolver, "pirate.example"))
    made(machine, resolver).apply([], datetime.now(UTC))
    assert soon(lambda: not machine.is_blocked(resolver, "pirate.example"))


def test_a_resolver_that_was_away_drops_what_ended_meanwhile(machine, resolver):
    driver = made(machine, resolver)
    driver.apply(names("pirate.example"), datetime.now(UTC))
    assert soon(lambda: machine.is_blocked(resolver, "pirate.example"))
    machine.stop(resolver)
    said = {"bind": "bind", "unbound": "unbound", "bind-file": "rndc", "powerdns": "rec_control"}
    with pytest.raises(DriverError, match=said[resolver]):
        driver.apply([], datetime.now(UTC))
    machine.start(resolver)
    machine.wait_for(resolver)
    driver.forget()
    driver.apply([], datetime.now(UTC))
    assert soon(lambda: not machine.is_blocked(resolver, "pirate.example"))


def test_check_finds_nothing_wrong_with_a_resolver_that_is_set_up_as_the_readme_says(
    machine, resolver
):
    assert made(machine, resolver).check() == []


def test_bind_refuses_changes_without_the_key(machine):
    key = read_key(machine.key_file)
    stranger = type(key)("cautery", b"another secret of 32 bytes, or so", key.algorithm)
    driver = Bind(zone=ZONE, key=stranger, server="127.0.0.1", port=machine.ports["bind"])
    [problem] = driver.check()
    assert problem.startswith("bind rpz.cautery: no transfer")


def nft(machine, script):
    subprocess.run([*machine.nft, "-f", "-"], input=script, text=True, check=True)


@pytest.fixture
def packet_filter(machine):
    yield machine
    nft(machine, "flush ruleset\n")


def addresses(at, **left_s):
    return [
        Block("address", target.replace("_", "."), at + timedelta(seconds=seconds))
        for target, seconds in left_s.items()
    ]


def filtered(machine, owner="L-1"):
    return Nftables(owner=owner, command=machine.nft)


def test_addresses_come_and_go_one_by_one(packet_filter):
    at, driver = datetime.now(UTC), filtered(packet_filter)
    six = Block("address", "2001:db8::7", at + timedelta(seconds=90))
    both = [Block("address", "192.0.2.7", at + timedelta(seconds=90)), six]
    driver.apply(both, at)
    assert packet_filter.blocked_addresses() == {"192.0.2.7", "2001:db8::7"}
    driver.apply([six], at)
    assert packet_filter.blocked_addresses() == {"2001:db8::7"}
    filtered(packet_filter).apply([], at)
    assert packet_filter.blocked_addresses() == set()


def test_an_address_ends_by_itself_when_nobody_is_left(packet_filter):
    at = datetime.now(UTC)
    blocks = [Block("address", "192.0.2.7", at + timedelta(seconds=1, milliseconds=500))]
    filtered(packet_filter).apply(blocks, at)
    assert packet_filter.blocked_addresses() == {"192.0.2.7"}
    assert soon(lambda: not packet_filter.blocked_addresses())


def test_a_fresh_list_lengthens_a_timeout(packet_filter):
    at, driver = datetime.now(UTC), filtered(packet_filter)
    for seconds in (5, 5_000):
        driver.apply([Block("address", "192.0.2.7", at + timedelta(seconds=seconds))], at)
    left = filtered(packet_filter)._read(at).ours["192.0.2.7"] - at
    assert left > timedelta(seconds=4_000)


@pytest.mark.parametrize("target", ["::102:304", "::8000:0", "64:ff9b::102:304", "2001:db8:0:1::"])
def test_an_address_comes_and_goes_however_nft_spells_it(packet_filter, target):
    at = datetime.now(UTC)
    six = Block("address", target, at + timedelta(seconds=90))
    filtered(packet_filter).apply([six], at)
    filtered(packet_filter).apply([six, *addresses(at, **{"192_0_2_7": 90})], at)
    assert len(packet_filter.blocked_addresses()) == 2
    filtered(packet_filter).apply([], at)
    assert packet_filter.blocked_addresses() == set()


def test_an_order_of_many_years_keeps_no_other_address_from_coming_and_going(packet_filter):
    at = datetime.now(UTC)
    far = Block("address", "192.0.2.7", datetime(9999, 12, 31, tzinfo=UTC))
    filtered(packet_filter).apply([far, *addresses(at, **{"192_0_2_8": 90})], at)
    assert packet_filter.blocked_addresses() == {"192.0.2.7", "192.0.2.8"}
    filtered(packet_filter).apply([far], at)
    assert packet_filter.blocked_addresses() == {"192.0.2.7"}


def test_what_others_wrote_into_the_sets_stays(packet_filter):
    at = datetime.now(UTC)
    soon_over = at + timedelta(seconds=90)
    filtered(packet_filter).apply([Block("address", "192.0.2.7", soon_over)], at)
    nft(packet_filter, "add element inet cautery blocked4 { 192.0.2.99 }\n")
    other = filtered(packet_filter, "L-2")
    other.apply([Block("address", "192.0.2.8", soon_over)], at)
    filtered(packet_filter).apply([Block("address", "192.0.2.99", soon_over)], at)
    assert packet_filter.blocked_addresses() == {"192.0.2.8", "192.0.2.99"}
    for owner in ("L-1", "L-2"):
        filtered(packet_filter, owner).apply([], at)
    assert packet_filter.blocked_addresses() == {"192.0.2.99"}


def test_sets_that_somebody_flushed_are_filled_again(packet_filter):
    at, driver = datetime.now(UTC), filtered(packet_filter)
    blocks = [Block("address", "192.0.2.7", at + timedelta(seconds=90))]
    driver.apply(blocks, at)
    nft(packet_filter, "flush ruleset\n")
    driver.forget()
    driver.apply(blocks, at)
    assert packet_filter.blocked_addresses() == {"192.0.2.7"}


def test_check_says_that_no_rule_looks_at_the_sets(packet_filter):
    driver = filtered(packet_filter)
    driver.apply([], datetime.now(UTC))
    [problem] = driver.check()
    assert "no rule matches" in problem
    nft(
        packet_filter,
        "add chain inet cautery forward { type filter hook forward priority 0; }\n"
        "add rule inet cautery forward ip daddr @blocked4 drop\n",
    )
    assert driver.check() == []
