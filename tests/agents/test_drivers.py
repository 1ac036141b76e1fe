"""Drivers against recorded commands, pipes and files: what they say, and what they do when it fails."""

import json
import os
from datetime import UTC, datetime, timedelta

import pytest

from cautery_provider.blocks import Block
from cautery_provider.drivers import DriverError, run
from cautery_provider.drivers.bgp import Bgp
from cautery_provider.drivers.bind import read_key
from cautery_provider.drivers.bind_file import BindFile
from cautery_provider.drivers.nftables import Nftables
from cautery_provider.drivers.powerdns import PowerDns
from cautery_provider.drivers.unbound import Unbound

AT = datetime(2026, 3, 14, 12, tzinfo=UTC)


def blocks(*targets, lever="name"):
    return [Block(lever, target, AT + timedelta(seconds=90)) for target in targets]


@pytest.fixture
def tool(tmp_path):
    """A command that records how it was called, and answers what the test wrote down."""
    path, record, answer = tmp_path / "tool", tmp_path / "calls", tmp_path / "answer"
    answer.write_text("ok\n")
    path.write_text(
        f'#!/bin/sh\necho "$@" >> {record}\n[ "$1" = -f ] && cat >> {record}\n'
        f"cat {answer}\n[ ! -e {tmp_path}/broken ]\n"
    )
    path.chmod(0o755)
    record.touch()

    class Tool:
        command = (str(path),)
        broken = tmp_path / "broken"

        def calls(self):
            lines = record.read_text().splitlines()
            record.write_text("")
            return lines

        def answers(self, text):
            answer.write_text(text)

    return Tool()


def test_unbound_reads_its_zone_only_when_it_changes(tool, tmp_path):
    driver = Unbound(zone="rpz.x", file=tmp_path / "zone", command=tool.command)
    for _ in range(2):
        driver.apply(blocks("b.example", "a.example"), AT)
        assert (tmp_path / "zone").read_text() == (
            "$TTL 5\n$ORIGIN rpz.x.\n"
            "@ IN SOA localhost. hostmaster.localhost. 1773489600 5 5 3600 5\n"
            "@ IN NS localhost.\na.example CNAME .\nb.example CNAME .\n"
        )
    assert tool.calls() == ["auth_zone_reload rpz.x"]


def test_unbound_is_told_again_after_an_error(tool, tmp_path):
    driver = Unbound(zone="rpz.x", file=tmp_path / "zone", command=tool.command)
    tool.answers("error failed to read rpz.x\n")
    with pytest.raises(DriverError, match="failed to read"):
        driver.apply(blocks("a.example"), AT)
    tool.answers("ok\n")
    driver.apply(blocks("a.example"), AT)
    assert tool.calls() == ["auth_zone_reload rpz.x"] * 2


def test_powerdns_forgets_each_changed_name_even_after_an_error(tool, tmp_path):
    driver = PowerDns(zone="rpz.x", file=tmp_path / "zone", command=tool.command)
    driver.apply(blocks("a.example", "b.example"), AT)
    assert tool.calls() == [
        "--timeout=25 reload-yaml",
        "--timeout=25 wipe-cache a.example b.example",
    ]
    tool.broken.touch()
    with pytest.raises(DriverError, match="exit 1"):
        driver.apply(blocks("b.example"), AT)
    assert tool.calls() == ["--timeout=25 reload-yaml"]
    tool.broken.unlink()
    driver.forget()
    driver.apply(blocks("b.example", "c.example"), AT)
    assert tool.calls() == [
        "--timeout=25 reload-yaml",
        "--timeout=25 wipe-cache a.example c.example",
    ]


def test_powerdns_forgets_what_is_open_before_what_is_blocked(tool, tmp_path):
    driver = PowerDns(zone="rpz.x", file=tmp_path / "zone", command=tool.command)
    driver.apply(blocks("z.example"), AT)
    tool.calls()
    driver.apply(blocks("a.example"), AT)
    assert tool.calls() == [
        "--timeout=25 reload-yaml",
        "--timeout=25 wipe-cache z.example a.example",
    ]


@pytest.mark.parametrize(
    ("said", "good"),
    [
        ("packetcache:\n  negative_ttl: 3\n", True),
        ("packetcache-negative-ttl=10\n", True),
        ("packetcache:\n  negative_ttl: 60\n", False),
        ("", False),
    ],
)
def test_check_says_when_powerdns_keeps_blocked_answers_for_a_minute(tool, tmp_path, said, good):
    tool.answers(said)
    driver = PowerDns(zone="rpz.x", file=tmp_path / "zone", command=tool.command)
    found = driver.check()
    assert [problem.partition("; ")[2] for problem in found] == (
        [] if good else ["set packetcache: negative_ttl: 3"]
    )


@pytest.fixture
def named(tool):
    """An rndc whose named reads zones as the test says."""
    tool.answers("name: rpz.x\nserial: 1773489600\ndynamic: no\n")
    return tool


def test_bind_reads_its_zone_from_a_file_and_is_asked_whether_it_did(named, tmp_path):
    driver = BindFile(zone="rpz.x", file=tmp_path / "zone", command=named.command)
    driver.apply(blocks("b.example", "a.example"), AT)
    assert named.calls() == ["reload rpz.x", "zonestatus rpz.x"]
    assert "1773489600" in (tmp_path / "zone").read_text()
    assert driver.check() == []


def test_two_changes_in_one_second_have_two_serials(named, tmp_path, monkeypatch):
    """Else named would be believed to have read what it has not."""
    monkeypatch.setattr("cautery_provider.drivers.bind_file._LIMIT_S", 0.2)
    driver = BindFile(zone="rpz.x", file=tmp_path / "zone", command=named.command)
    driver.apply(blocks("a.example"), AT)
    with pytest.raises(DriverError, match="named does not read the file"):
        driver.apply([], AT)
    assert " 1773489601 " in (tmp_path / "zone").read_text()
    named.answers("serial: 1773489602\n")
    driver.apply([], AT)  # what failed is said again


def test_check_says_that_named_would_not_read_the_file_of_a_dynamic_zone(named, tmp_path):
    named.answers("serial: 1\ndynamic: yes\n")
    [problem] = BindFile(zone="rpz.x", file=tmp_path / "zone", command=named.command).check()
    assert "leave out allow-update" in problem


def test_nft_gets_one_transaction_without_a_flush(tool):
    driver = Nftables(owner="L-1", command=tool.command)
    tool.answers('{"nftables": [{"set": {"elem": ["192.0.2.99", {"prefix": {}}]}}]}')
    driver.apply(blocks("192.0.2.7", "2001:db8::7", lever="address"), AT)
    assert tool.calls()[-7:] == [
        "-f -",
        "add element inet cautery blocked4 { 192.0.2.7 }",
        "add element inet cautery blocked6 { 2001:db8::7 }",
        "delete element inet cautery blocked4 { 192.0.2.7 }",
        "delete element inet cautery blocked6 { 2001:db8::7 }",
        'add element inet cautery blocked4 { 192.0.2.7 timeout 90s comment "cautery L-1" }',
        'add element inet cautery blocked6 { 2001:db8::7 timeout 90s comment "cautery L-1" }',
    ]
    driver.apply(blocks("192.0.2.7", "2001:db8::7", lever="address"), AT)
    assert tool.calls() == []


def test_an_address_has_one_spelling_whatever_nft_prints(tool):
    """nft prints the old form of an IPv4 address in an IPv6 one with dots."""
    tool.answers(
        '{"nftables": [{"set": {"elem": [{"elem": {"val": "::1.2.3.4", "expires": 90, '
        '"comment": "cautery L-1"}}]}}]}'
    )
    driver = Nftables(owner="L-1", command=tool.command)
    driver.apply(blocks("::102:304", lever="address"), AT)
    assert [line for line in tool.calls() if "element" in line] == []


@pytest.mark.parametrize("years", [2, 14, 74, 7_900])
def test_an_end_in_far_years_is_no_timeout_that_nft_refuses(tool, years):
    tool.answers('{"nftables": []}')
    driver = Nftables(owner="L-1", command=tool.command)
    far = [Block("address", "192.0.2.7", AT + timedelta(days=365 * years))]
    driver.apply(far, AT)
    assert "192.0.2.7 timeout 2592000s" in tool.calls()[-1]
    driver.apply(far, AT + timedelta(days=14))
    assert tool.calls() == []
    driver.apply(far, AT + timedelta(days=16))
    assert "192.0.2.7 timeout 2592000s" in tool.calls()[-1]


def test_a_set_that_cannot_be_read_is_an_error(tool):
    tool.answers("no json")
    with pytest.raises(DriverError, match="no set that can be read"):
        Nftables(owner="L-1", command=tool.command).apply([], AT)


def test_a_command_that_is_not_there_or_takes_too_long_is_an_error():
    with pytest.raises(DriverError, match="not installed"):
        run(["/nowhere/nft"])
    with pytest.raises(DriverError, match="timed out"):
        run(["sleep", "20"], limit_s=0.05)


@pytest.fixture
def router(tmp_path):
    """What exabgp reads from its pipe."""
    pipe = tmp_path / "exabgp.in"
    os.mkfifo(pipe)
    number = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)

    def lines():
        try:
            return os.read(number, 65_536).decode().splitlines()
        except BlockingIOError:
            return []

    yield pipe, lines
    os.close(number)


def bgp(pipe, tmp_path, **options):
    return Bgp(pipe=pipe, kept=tmp_path / "announced.json", next_hop4="192.0.2.1", **options)


def test_routes_are_single_addresses_that_stay_in_the_network(router, tmp_path):
    pipe, lines = router
    driver = bgp(pipe, tmp_path, next_hop6="2001:db8::1", communities=["65535:666"])
    driver.apply(blocks("192.0.2.7", "2001:db8::7", lever="address"), AT)
    assert lines() == [
        "announce route 192.0.2.7/32 next-hop 192.0.2.1 community [ no-export 65535:666 ]",
        "announce route 2001:db8::7/128 next-hop 2001:db8::1 community [ no-export 65535:666 ]",
    ]
    driver.apply(blocks("2001:db8::7", lever="address"), AT)
    assert lines() == ["withdraw route 192.0.2.7/32 next-hop 192.0.2.1"]


def test_a_new_process_withdraws_what_the_old_one_announced(router, tmp_path):
    pipe, lines = router
    bgp(pipe, tmp_path).apply(blocks("192.0.2.7", lever="address"), AT)
    lines()
    bgp(pipe, tmp_path).apply([], AT)
    assert lines() == ["withdraw route 192.0.2.7/32 next-hop 192.0.2.1"]
    assert json.loads((tmp_path / "announced.json").read_text()) == []


def test_everything_is_announced_again_after_a_look(router, tmp_path):
    pipe, lines = router
    driver = bgp(pipe, tmp_path)
    for _ in range(2):
        driver.forget()
        driver.apply(blocks("192.0.2.7", lever="address"), AT)
        assert len(lines()) == 1
    driver.apply(blocks("192.0.2.7", lever="address"), AT)
    assert lines() == []


def test_a_cap_on_prefixes_keeps_out_what_comes_and_not_what_is_there(router, tmp_path):
    pipe, lines = router
    driver = bgp(pipe, tmp_path, most_prefixes=1)
    driver.apply(blocks("192.0.2.7", lever="address"), AT)
    refused = driver.apply(blocks("192.0.2.3", "192.0.2.7", "2001:db8::7", lever="address"), AT)
    assert [(row.target, row.rule) for row in refused] == [
        ("192.0.2.3", "cap-prefixes"),
        ("2001:db8::7", "no-next-hop"),
    ]
    assert len(lines()) == 1


def test_a_pipe_that_nobody_reads_is_an_error(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    driver = bgp(tmp_path / "pipe", tmp_path)
    with pytest.raises(DriverError, match="No such device"):
        driver.apply(blocks("192.0.2.7", lever="address"), AT)
    assert driver.check() == []
    assert bgp(tmp_path / "none", tmp_path).check() == [
        f"bgp {tmp_path}/none: No such file or directory"
    ]


def test_a_pipe_whose_reader_hangs_is_an_error(router, tmp_path, monkeypatch):
    monkeypatch.setattr("cautery_provider.drivers.bgp._LIMIT_S", 0.05)
    many = [f"192.0.{n // 256}.{n % 256}" for n in range(3_000)]
    driver = bgp(router[0], tmp_path, most_prefixes=10_000)
    with pytest.raises(DriverError, match="does not read"):
        driver.apply(blocks(*many, lever="address"), AT)


def test_no_half_line_stays_in_a_pipe_to_spoil_the_next(router, tmp_path, monkeypatch):
    monkeypatch.setattr("cautery_provider.drivers.bgp._LIMIT_S", 0.05)
    pipe, lines = router
    driver = bgp(pipe, tmp_path, most_prefixes=10_000)
    driver.apply(blocks("192.0.2.7", lever="address"), AT)
    many = [f"198.51.{n // 256}.{n % 256}" for n in range(3_000)]
    with pytest.raises(DriverError, match="does not read"):
        driver.apply(blocks("192.0.2.7", *many, lever="address"), AT)
    heard = lines()
    with pytest.raises(DriverError, match="does not read"):
        driver.apply(blocks(*many, lever="address"), AT)
    heard += lines()
    assert "withdraw route 192.0.2.7/32 next-hop 192.0.2.1" in heard
    assert {line.count("route") for line in heard} == {1}


def test_a_key_is_read_as_tsig_keygen_writes_it(tmp_path):
    path = tmp_path / "key"
    path.write_text('key "cautery" {\n\talgorithm hmac-sha256;\n\tsecret "c2VjcmV0";\n};\n')
    assert read_key(path).secret == b"secret"
    path.write_text("key = c2VjcmV0\n")
    with pytest.raises(ValueError, match="tsig-keygen"):
        read_key(path)
