"""Through a proxy of ours to the address that was checked here; hostile servers end in an error."""

import asyncio
from datetime import UTC, datetime

import pytest

from cautery.adapters.http import SuspectClient
from cautery.errors import ForbiddenAddressError, LimitError, SourceError
from cautery.lab.certificates import contexts, self_signed
from cautery.lab.hostile import Hostile, Rebinding
from cautery.lab.proxies import Proxies
from cautery.model import ClockOffset, Limits, NetworkPolicy

pytestmark = pytest.mark.enable_socket
LAB = NetworkPolicy(allow=("127.0.0.0/8",), rate_per_host=1000, user_agent="Cautery-test/1")
LIMITS = Limits(max_bytes=100_000, total_s=3.0, connect_s=1.0)


class WallClock:
    def now(self):
        return datetime.now(UTC)

    def offset(self):
        return ClockOffset(seconds=None, uncertainty_s=None, method="test")


class Table(dict):
    async def resolve(self, host):
        if host not in self:
            raise SourceError(f"{host}: the name does not exist")
        return self[host]


NAMES = Table({"a.example": ("127.0.0.2",), "inside.example": ("10.1.2.3",)})


def client(policy=LAB, names=NAMES):
    return SuspectClient(policy, names, WallClock())


def at_a(server, path):
    return server.url(path).replace("127.0.0.2", "a.example")


@pytest.mark.parametrize(
    ("scheme", "login"),
    [("socks5", None), ("socks5", ("league", "w0rd")), ("http", None)],  # its CONNECT asks for none
)
async def test_a_tunnel_is_told_the_checked_address_and_the_vantage_is_named(scheme, login):
    async with (
        Hostile("127.0.0.2") as server,
        Proxies("honest", login=login) as proxy,
        client() as http,
    ):
        answer = await http.fetch(
            at_a(server, "html"), limits=LIMITS, proxy=proxy.url(scheme), vantage="FR", tunnel=True
        )
    assert (answer.status, answer.address, answer.vantage) == (200, "127.0.0.2", "FR")
    assert [host for host, _ in proxy.asked] == ["127.0.0.2"]
    [exchange] = answer.exchanges
    assert (exchange.vantage, exchange.target) == ("FR", "/html")
    assert ("Host", answer.url.split("/")[2]) in exchange.request_headers
    assert "w0rd" not in repr(exchange.request_headers)


@pytest.mark.parametrize("scheme", ["socks5", "http"])
async def test_what_is_forbidden_here_is_forbidden_through_a_tunnel(scheme):
    async with Proxies("honest") as proxy, client() as http:
        for url in ("http://inside.example/", "http://169.254.169.254/", "http://10.0.0.1/"):
            with pytest.raises(ForbiddenAddressError):
                await http.fetch(url, limits=LIMITS, proxy=proxy.url(scheme), tunnel=True)
    assert proxy.asked == []


async def test_a_redirect_inside_a_tunnel_is_checked_too():
    async with Hostile("127.0.0.2") as server, Proxies("honest") as proxy, client() as http:
        with pytest.raises(ForbiddenAddressError):
            await http.fetch(
                at_a(server, "private"), limits=LIMITS, proxy=proxy.url("socks5"), tunnel=True
            )
    assert len(proxy.asked) == 1


async def test_a_proxy_at_a_private_address_is_refused():
    async with client(NetworkPolicy()) as http:
        with pytest.raises(ForbiddenAddressError):
            await http.fetch(
                "http://8.8.8.8/", limits=LIMITS, proxy="socks5://10.0.0.1:1080", tunnel=True
            )


@pytest.mark.parametrize("scheme", ["socks5", "http"])
@pytest.mark.parametrize("how", ["refuses", "garbage", "silent", "hangs-up", "floods"])
async def test_a_proxy_that_does_not_lead_there_is_a_source_error_without_its_login(scheme, how):
    login = ("league", "w0rd") if scheme == "socks5" else None
    async with Hostile("127.0.0.2") as server, Proxies(how, login=login) as proxy, client() as http:
        with pytest.raises(SourceError) as told:
            await http.fetch(
                at_a(server, "html"), limits=LIMITS, proxy=proxy.url(scheme), tunnel=True
            )
    assert server.asked == []
    assert "w0rd" not in str(told.value)


async def test_a_wrong_login_is_a_source_error():
    async with Proxies("honest", login=("league", "right")) as proxy, client() as http:
        url = proxy.url("socks5").replace("right", "wrong")
        with pytest.raises(SourceError):
            await http.fetch("http://a.example/", limits=LIMITS, proxy=url, tunnel=True)
    assert proxy.asked == []


async def test_what_a_proxy_forges_is_named_as_seen_through_it():
    async with Hostile("127.0.0.2") as server, Proxies("forges") as proxy, client() as http:
        answer = await http.fetch(
            at_a(server, "html"),
            limits=LIMITS,
            proxy=proxy.url("socks5"),
            vantage="FR",
            tunnel=True,
        )
    assert server.asked == []
    assert answer.body == b"#EXTM3U\n"
    assert {answer.vantage, *(one.vantage for one in answer.exchanges)} == {"FR"}


async def test_a_name_that_is_rebound_between_check_and_connection_leads_nowhere_else():
    names = Rebinding("127.0.0.2", "10.0.0.1")
    async with Hostile("127.0.0.2") as server, client(names=names) as http:
        answer = await http.fetch(at_a(server, "html"), limits=LIMITS)
        assert (answer.address, names.asked) == ("127.0.0.2", ["a.example"])
        with pytest.raises(ForbiddenAddressError):
            await http.fetch(at_a(server, "html"), limits=LIMITS)
    assert server.asked == ["/html"]


@pytest.mark.parametrize(
    ("path", "error"),
    [("slow-loris", LimitError), ("empty-blocks", LimitError), ("gzip-bomb", LimitError),
     ("never-ends", LimitError), ("drip", LimitError), ("headers", SourceError),
     ("cut", SourceError), ("not-modified", SourceError), ("private", ForbiddenAddressError)],
)  # fmt: skip
async def test_a_hostile_server_ends_in_the_right_error_in_time(path, error):
    async with Hostile("127.0.0.2") as server, client() as http:
        with pytest.raises(error):
            await asyncio.wait_for(
                http.fetch(at_a(server, path), limits=Limits(max_bytes=100_000, total_s=1.0)), 20
            )


async def test_more_than_the_stated_length_is_no_http():
    async with Hostile("127.0.0.2") as server, client() as http:
        with pytest.raises(SourceError, match="not a valid HTTP answer"):
            await http.fetch(at_a(server, "too-long"), limits=LIMITS)


async def test_a_server_that_asks_for_a_year_of_silence_gets_a_minute():
    async with Hostile("127.0.0.2") as server, client() as http:
        answer = await http.fetch(at_a(server, "retry-in-a-year"), limits=LIMITS)
        assert answer.status == 503
        assert 50 < http._hosts.silence_s("a.example") <= 60


async def test_every_redirect_is_an_exchange_and_the_payload_is_as_received():
    async with Hostile("127.0.0.2") as server, client() as http:
        answer = await http.fetch(at_a(server, "latin1"), limits=LIMITS)
    [exchange] = answer.exchanges
    assert exchange.payload == answer.body
    assert ("User-Agent", "Cautery-test/1") in exchange.request_headers
    assert exchange.cut is None


@pytest.mark.parametrize("scheme", ["socks5", "http"])
async def test_inside_a_tunnel_tls_is_asked_for_the_targets_own_name(scheme, tmp_path):
    path = self_signed(tmp_path / "a.pem", "a.example")
    context = contexts({"a.example": path})["a.example"]
    asked = []
    context.sni_callback = lambda _socket, name, _context: asked.append(name)

    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        await writer.drain()
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.2", 0, ssl=context)
    url = f"https://a.example:{listening.sockets[0].getsockname()[1]}/"
    async with Proxies("honest") as proxy, client() as http:
        answer = await http.fetch(url, limits=LIMITS, proxy=proxy.url(scheme), tunnel=True)
    listening.close()
    assert (answer.body, set(asked)) == (b"ok", {"a.example"})
