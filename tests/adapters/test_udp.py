"""Transport streams over UDP: unicast and multicast on loopback, RTP, stalls, strangers."""

from __future__ import annotations

import asyncio
import socket

import pytest

from cautery.adapters.clock import SystemClock
from cautery.adapters.udp import UdpStreams, listening
from cautery.errors import InputError, SourceError

PACKETS = b"".join(bytes((0x47, 0, n)).ljust(188, b"\xff") for n in range(7))
GROUP = "239.255.77.9"


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def _send(host: str, port: int, data: bytes) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
        sock.sendto(data, (host, port))


async def _first(url: str, host: str, port: int, data: bytes, *, stall_s: float = 5.0) -> bytes:
    arrivals = UdpStreams(SystemClock(), stall_s=stall_s).listen(url)
    try:
        waiting = asyncio.ensure_future(anext(arrivals))
        await asyncio.sleep(0.05)
        if data:
            _send(host, port, data)
        return (await asyncio.wait_for(waiting, 10))[0]
    finally:
        await arrivals.aclose()


async def test_unicast_comes_in():
    port = _free_port()
    assert await _first(f"udp://127.0.0.1:{port}", "127.0.0.1", port, PACKETS) == PACKETS


async def test_multicast_comes_in_on_the_interface_that_is_named():
    port = _free_port()
    url = f"udp://@{GROUP}:{port}?localaddr=127.0.0.1"
    assert await _first(url, GROUP, port, PACKETS) == PACKETS


async def test_packets_are_taken_out_of_rtp():
    port = _free_port()
    rtp = bytes((0x80, 33)) + bytes(10) + PACKETS
    assert await _first(f"udp://127.0.0.1:{port}", "127.0.0.1", port, rtp) == PACKETS


async def test_a_stall_is_told():
    port = _free_port()
    url = f"udp://127.0.0.1:{port}"
    assert await _first(url, "127.0.0.1", port, b"", stall_s=0.4) == b""


async def test_what_comes_from_others_than_the_named_sources_is_not_taken():
    port = _free_port()
    url = f"udp://127.0.0.1:{port}?sources=127.0.0.2"
    assert await _first(url, "127.0.0.1", port, PACKETS, stall_s=0.4) == b""


async def test_an_address_of_another_machine_is_refused_with_a_hint():
    arrivals = UdpStreams(SystemClock()).listen("udp://192.0.2.1:5000")
    with pytest.raises(SourceError) as caught:
        await anext(arrivals)
    assert "sent to this machine" in caught.value.hint


@pytest.mark.parametrize(
    "url",
    [
        "udp://",
        "udp://239.1.1.1",
        "udp://host.example:1",
        "udp://239.1.1.1:5?evil=1",
        "udp://[::1:5",
    ],
)
def test_what_is_no_udp_address_is_refused(url):
    with pytest.raises(InputError):
        listening(url)
