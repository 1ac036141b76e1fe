"""Routes by exabgp itself, as a router receives them."""

import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest
from bgp_peer import NO_EXPORT, Route, Router

from cautery_provider.blocks import Block
from cautery_provider.drivers import DriverError
from cautery_provider.drivers.bgp import Bgp

BLACKHOLE = 0xFFFF029A  # RFC 7999: 65535:666
NOW = datetime.now(UTC)
WAYS = {
    4: Route("192.0.2.1", frozenset((NO_EXPORT, BLACKHOLE))),
    6: Route("2001:db8::1", frozenset((NO_EXPORT, BLACKHOLE))),
}


class Exabgp:
    """exabgp as a process, whose pipe the driver writes into."""

    def __init__(self, folder, router):
        self.folder, self.pipe = folder, folder / "exabgp.in"
        os.mkfifo(self.pipe)
        (folder / "exabgp.conf").write_text(
            f'process cautery {{\n run /bin/sh -c "exec 3<>{self.pipe}; exec cat <&3";\n'
            " encoder text;\n}\n"
            "neighbor 127.0.0.1 {\n router-id 127.0.0.8;\n local-address 127.0.0.1;\n"
            f" local-as {router.system};\n peer-as {router.system};\n connect {router.port};\n"
            " family { ipv4 unicast; ipv6 unicast; }\n api { processes [ cautery ]; }\n}\n"
        )
        self.start()

    def start(self):
        settings = {
            "exabgp_api_ack": "false",
            "exabgp_api_cli": "false",
            "exabgp_daemon_user": "root",
            "exabgp_tcp_bind": "",
        }
        with (self.folder / "log").open("ab") as log:
            self._child = subprocess.Popen(
                [sys.executable, "-m", "exabgp", "server", str(self.folder / "exabgp.conf")],
                env=os.environ | settings,
                stdout=log,
                stderr=log,
            )

    def stop(self):
        self._child.terminate()
        self._child.wait(20)


@pytest.fixture
def router():
    running = Router()
    yield running
    running.close()


@pytest.fixture
def speaker(tmp_path, router):
    pytest.importorskip("exabgp")
    if os.geteuid() != 0:
        pytest.skip("exabgp runs as root here")
    running = Exabgp(tmp_path, router)
    yield running
    running.stop()


@pytest.fixture
def driver(speaker, router, tmp_path):
    made = Bgp(
        pipe=speaker.pipe,
        kept=tmp_path / "announced.json",
        next_hop4="192.0.2.1",
        next_hop6="2001:db8::1",
        communities=("65535:666",),
        most_prefixes=3,
    )
    assert soon(lambda: looked(made, router, "192.0.2.99"))  # exabgp and its session are there
    made.apply([], NOW)
    assert soon(lambda: router.routes == {})
    return made


def looked(driver, router, target):
    """Say everything again, as the agent does now and then; tell whether the router has it."""
    driver.forget()
    try:
        driver.apply(addresses(target), NOW)
    except DriverError:
        return False
    time.sleep(0.5)
    return set(router.routes) == {f"{target}/32"}


def addresses(*targets):
    return [Block("address", target, NOW + timedelta(hours=1)) for target in targets]


def soon(condition):
    last = time.monotonic() + 60
    while not condition() and time.monotonic() < last:
        time.sleep(0.05)
    return condition()


def test_a_router_gets_single_addresses_that_stay_in_the_network_and_their_end(driver, router):
    assert driver.apply(addresses("192.0.2.7", "192.0.2.8", "2001:db8::7"), NOW) == []
    wanted = {
        "192.0.2.7/32": WAYS[4],
        "192.0.2.8/32": WAYS[4],
        "2001:db8::7/128": WAYS[6],
    }
    assert soon(lambda: router.routes == wanted)
    driver.apply(addresses("192.0.2.8"), NOW)
    assert soon(lambda: router.routes == {"192.0.2.8/32": WAYS[4]})
    driver.apply([], NOW)
    assert soon(lambda: router.routes == {})


def test_a_router_gets_no_more_prefixes_than_the_cap(driver, router):
    refused = driver.apply(addresses(*(f"192.0.2.{number}" for number in range(10, 20))), NOW)
    assert {row.rule for row in refused} == {"cap-prefixes"}
    assert len(refused) == 7
    assert soon(lambda: len(router.routes) == 3)
    driver.forget()
    driver.apply(addresses(*(f"192.0.2.{number}" for number in range(20, 30))), NOW)
    assert soon(lambda: set(router.routes) == {f"192.0.2.{number}/32" for number in (20, 21, 22)})


def test_what_ended_while_the_agent_was_dead_is_withdrawn_by_the_next_one(
    driver, router, speaker, tmp_path
):
    driver.apply(addresses("192.0.2.7", "192.0.2.8"), NOW)
    assert soon(lambda: len(router.routes) == 2)
    later = Bgp(pipe=speaker.pipe, kept=tmp_path / "announced.json", next_hop4="192.0.2.1")
    later.apply(addresses("192.0.2.8"), NOW)
    assert soon(lambda: set(router.routes) == {"192.0.2.8/32"})


def test_a_restart_of_exabgp_is_mended_by_the_next_look(driver, router, speaker):
    driver.apply(addresses("192.0.2.7"), NOW)
    assert soon(lambda: set(router.routes) == {"192.0.2.7/32"})
    speaker.stop()
    assert soon(lambda: router.routes == {})
    speaker.start()
    assert soon(lambda: looked(driver, router, "192.0.2.7"))
