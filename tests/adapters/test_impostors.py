"""Whoever is not the service that was meant gets no byte of what is sent, and is not believed."""

import asyncio
import base64
import ssl
import warnings
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import get_type_hints

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cautery.adapters.http import PoliteClient, SuspectClient
from cautery.adapters.intermediary import HttpPublisher
from cautery.adapters.rdap import RdapRegistry
from cautery.errors import InputError, SourceError, UnprovenError
from cautery.lab.certificates import Authority, self_signed
from cautery.lab.proxies import Proxies
from cautery.model import (
    ClockOffset,
    Effect,
    Intermediary,
    Limits,
    NetworkPolicy,
    OwnService,
    digest_of,
)
from cautery.model.ports import VerifiedFetcher
from cautery.workflows.identification.live import LivePorts
from cautery.workflows.media.pump import Pump
from cautery.workflows.watch.run import WatchPorts
from cautery.workflows.watch.sources.fetched_calendars import FetchedCalendars

pytestmark = pytest.mark.enable_socket
LAB = NetworkPolicy(allow=("127.0.0.0/8",), rate_per_host=1000, user_agent="Cautery-test/1")
LIMITS = Limits(max_bytes=100_000, total_s=5.0, connect_s=2.0)
TAKEN = b'{"effect": "applied", "applied_at": null}'
NOW = datetime(2026, 11, 24, 20, 50, tzinfo=UTC)


class WallClock:
    def now(self):
        return datetime.now(UTC)

    def offset(self):
        return ClockOffset(seconds=None, uncertainty_s=None, method="test")


class Names:
    """Every name leads to one address: as a liar's resolver says, or two hosts of one machine."""

    async def resolve(self, host):
        return ("127.0.0.2",)


def proofs(path, **options):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    for name, value in options.items():
        setattr(context, name, value)
    return context


class Heard(list):
    """What came in after the handshake, if anything did."""

    @property
    def text(self):
        return b"".join(self)


@asynccontextmanager
async def listening(context, heard=None, *, answer=TAKEN, status="200 OK", headers=""):
    heard = Heard() if heard is None else heard

    async def serve(reader, writer):
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            heard.append(head)
            for line in head.lower().split(b"\r\n"):
                if line.startswith(b"content-length:"):
                    heard.append(await reader.readexactly(int(line.split(b":")[1])))
            writer.write(
                f"HTTP/1.1 {status}\r\nContent-Length: {len(answer)}\r\n{headers}\r\n".encode()
            )
            writer.write(answer)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.2", 0, ssl=context)
    server.heard = heard
    server.port = server.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        server.close()


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def trust(authority):
    return (OwnService(host="isp.example", ca=str(authority.path)),)


@pytest.fixture(scope="module")
def impostors(authority, tmp_path_factory):
    folder = tmp_path_factory.mktemp("impostors")
    stranger = Authority(folder / "other", "Lab authority")
    right = authority.vouch("isp.example")
    old = proofs(right)
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        old.minimum_version = ssl.TLSVersion.TLSv1
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("DEFAULT@SECLEVEL=0")
    return {
        "a self-signed certificate": proofs(self_signed(folder / "self.pem", "isp.example")),
        "a valid certificate for another name": proofs(authority.vouch("evil.example")),
        "a name in the subject alone": proofs(authority.vouch("127.0.0.9", subject="isp.example")),
        "an expired certificate": proofs(authority.vouch("isp.example", ended=True)),
        "an authority that nobody knows": proofs(stranger.vouch("isp.example")),
        "TLS 1.0": old,
    }


def publisher(client):
    return HttpPublisher(client)


def isp(port, **changed):
    return Intermediary(
        name="isp-fr", territory="FR", list_url=f"https://isp.example:{port}/list", **changed
    )


async def test_the_intermediary_itself_gets_the_list(handed_in, authority, trust):
    async with (
        listening(proofs(authority.vouch("isp.example"))) as server,
        PoliteClient(LAB, Names(), WallClock(), services=trust) as http,
    ):
        said = await publisher(http).publish(handed_in(isp(server.port)), now=NOW)
    assert said.effect is Effect.APPLIED
    assert b"a.example" in server.heard.text


@pytest.mark.parametrize(
    "attack",
    ["a self-signed certificate", "a valid certificate for another name",
     "a name in the subject alone", "an expired certificate", "an authority that nobody knows",
],
)  # fmt: skip
async def test_an_impostor_gets_no_byte_of_the_list(handed_in, impostors, trust, attack):
    async with (
        listening(impostors[attack]) as server,
        PoliteClient(LAB, Names(), WallClock(), services=trust) as http,
    ):
        with pytest.raises(UnprovenError, match=r"isp\.example did not prove its identity"):
            await publisher(http).publish(handed_in(isp(server.port)), now=NOW)
    assert b"referral" not in server.heard.text
    assert b"PUT" not in server.heard.text


async def test_a_server_of_old_tls_gets_no_byte_of_the_list(handed_in, impostors, trust):
    async with (
        listening(impostors["TLS 1.0"]) as server,
        PoliteClient(LAB, Names(), WallClock(), services=trust) as http,
    ):
        with pytest.raises(SourceError):
            await publisher(http).publish(handed_in(isp(server.port)), now=NOW)
    assert server.heard == []


async def test_a_server_without_tls_gets_no_byte_of_the_list(handed_in, trust):
    heard = Heard()

    async def serve(reader, writer):
        heard.append(await reader.read(4096))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 41\r\n\r\n" + TAKEN)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.2", 0)
    port = server.sockets[0].getsockname()[1]
    async with PoliteClient(LAB, Names(), WallClock(), services=trust) as http:
        with pytest.raises(UnprovenError):
            await publisher(http).publish(handed_in(isp(port)), now=NOW)
    server.close()
    assert b"PUT" not in heard.text


async def test_without_an_authority_of_its_own_the_systems_vouch(handed_in, authority):
    async with (
        listening(proofs(authority.vouch("isp.example"))) as server,
        PoliteClient(LAB, Names(), WallClock()) as http,
    ):
        with pytest.raises(UnprovenError):
            await publisher(http).publish(handed_in(isp(server.port)), now=NOW)
    assert server.heard == []


def spki(path):
    found = x509.load_pem_x509_certificate(path.read_bytes())
    shown = found.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return str(digest_of(shown)).removeprefix("sha256:")


@pytest.mark.parametrize("scheme", [None, "socks5", "http"])
async def test_a_vouched_key_that_is_not_pinned_gets_nothing(authority, scheme):
    pinned, other = authority.vouch("isp.example"), authority.vouch("isp.example")
    service = OwnService(host="isp.example", ca=str(authority.path), pins=(spki(pinned),))
    async with (
        listening(proofs(pinned)) as right,
        listening(proofs(other)) as wrong,
        Proxies("honest") as proxy,
        PoliteClient(LAB, Names(), WallClock(), services=(service,)) as http,
    ):
        way = {} if scheme is None else {"proxy": proxy.url(scheme), "tunnel": True}
        answer = await http.fetch(f"https://isp.example:{right.port}/", limits=LIMITS, **way)
        with pytest.raises(UnprovenError, match="the mandate does not pin its key"):
            await http.fetch(f"https://isp.example:{wrong.port}/", limits=LIMITS, **way)
    assert (answer.body, wrong.heard) == (TAKEN, [])


@pytest.mark.parametrize("scheme", ["socks5", "http"])
async def test_no_proxy_can_stand_in_for_a_service_of_ours(impostors, trust, scheme):
    async with (
        listening(impostors["a self-signed certificate"]) as server,
        Proxies("honest") as proxy,
        PoliteClient(LAB, Names(), WallClock(), services=trust) as http,
    ):
        url = f"https://isp.example:{server.port}/"
        with pytest.raises(UnprovenError):
            await http.fetch(url, limits=LIMITS, proxy=proxy.url(scheme), tunnel=True)
        if scheme == "http":  # a forward proxy is told the name: the lab's knows none
            url = f"https://127.0.0.2:{server.port}/"
            with pytest.raises(UnprovenError):
                await http.fetch(url, limits=LIMITS, proxy=proxy.url(scheme), vantage="FR")
    assert server.heard == []


async def test_a_connection_that_proved_one_name_is_not_used_for_another(authority, trust):
    async with (
        listening(
            proofs(authority.vouch("isp.example")), headers="Connection: keep-alive\r\n"
        ) as server,
        PoliteClient(
            LAB,
            Names(),
            WallClock(),
            services=(OwnService(host="isp.example", also=("b.example",), ca=trust[0].ca),),
        ) as http,
    ):
        await http.fetch(f"https://isp.example:{server.port}/", limits=LIMITS)
        with pytest.raises(UnprovenError, match=r"b\.example"):
            await http.fetch(f"https://b.example:{server.port}/", limits=LIMITS)
    assert len(server.heard) == 1


async def test_a_redirect_from_https_to_http_is_not_followed(authority, trust):
    async with listening(None) as plain:
        there = f"Location: http://isp.example:{plain.port}/calendar\r\n"
        context = proofs(authority.vouch("isp.example"))
        async with (
            listening(context, status="302 Found", headers=there) as server,
            PoliteClient(LAB, Names(), WallClock(), services=trust) as http,
        ):
            with pytest.raises(UnprovenError, match="from https to http"):
                await http.fetch(f"https://isp.example:{server.port}/", limits=LIMITS)
    assert plain.heard == []


async def test_plain_http_leads_to_this_machine_alone():
    class Public:
        async def resolve(self, host):
            return ("192.0.2.7",)

    policy = NetworkPolicy(allow=("127.0.0.0/8", "192.0.2.0/24"))
    async with listening(None) as server, PoliteClient(policy, Public(), WallClock()) as http:
        here = await http.fetch(f"http://127.0.0.2:{server.port}/", limits=LIMITS)
        with pytest.raises(UnprovenError, match="plain http"):
            await http.fetch("http://isp.example/", limits=LIMITS)
    assert here.body == TAKEN


async def test_a_service_that_asks_who_we_are_is_shown_our_certificate(authority, tmp_path):
    ours = authority.vouch("watch.league.example")
    context = proofs(authority.vouch("isp.example"), verify_mode=ssl.CERT_REQUIRED)
    context.load_verify_locations(authority.path)
    known = OwnService(
        host="isp.example", ca=str(authority.path), client_cert=str(ours), client_key=str(ours)
    )
    unknown = OwnService(host="isp.example", ca=str(authority.path))
    async with listening(context) as server:
        url = f"https://isp.example:{server.port}/"
        async with PoliteClient(LAB, Names(), WallClock(), services=(known,)) as http:
            assert (await http.fetch(url, limits=LIMITS)).body == TAKEN
        async with PoliteClient(LAB, Names(), WallClock(), services=(unknown,)) as http:
            with pytest.raises(SourceError):
                await http.fetch(url, limits=LIMITS)
    assert len(server.heard) == 1


def test_certificate_files_that_cannot_be_used_are_an_error_with_a_remedy(tmp_path):
    (tmp_path / "ca.pem").write_text("nothing")
    with pytest.raises(InputError, match=r"isp\.example.*cannot be used") as told:
        PoliteClient(
            LAB,
            Names(),
            WallClock(),
            services=(OwnService(host="isp.example", ca=str(tmp_path / "ca.pem")),),
        )
    assert "ca" in told.value.hint


# Logins inside our own URLs


def logins(heard):
    return [
        base64.b64decode(line.split()[2]).decode()
        for line in heard.text.split(b"\r\n")
        if line.lower().startswith(b"authorization: basic ")
    ]


async def test_a_login_is_sent_to_its_host_and_stands_in_no_exchange(authority, trust):
    async with (
        listening(proofs(authority.vouch("isp.example"))) as server,
        PoliteClient(LAB, Names(), WallClock(), services=trust) as http,
    ):
        url = f"https://league:p%40ss@isp.example:{server.port}/a/index.m3u8"
        answer = await http.fetch(url, limits=LIMITS)
        below = await http.fetch(f"https://isp.example:{server.port}/a/1.ts", limits=LIMITS)
    assert logins(server.heard) == ["league:p@ss"] * 2
    kept = repr([one.exchanges for one in (answer, below)]) + repr((answer.url, answer.hops))
    assert "p@ss" not in kept
    assert base64.b64encode(b"league:p@ss").decode() not in kept


async def test_no_redirect_takes_a_login_to_another_host(authority, trust):
    other = OwnService(host="other.example", ca=str(authority.path))
    context = proofs(authority.vouch("isp.example", "other.example"))
    async with listening(context) as second:
        there = f"Location: https://other.example:{second.port}/\r\n"
        async with (
            listening(context, status="302 Found", headers=there) as first,
            PoliteClient(LAB, Names(), WallClock(), services=(*trust, other)) as http,
        ):
            await http.fetch(f"https://u:w@isp.example:{first.port}/", limits=LIMITS)
            await http.fetch(f"https://u:other@other.example:{second.port}/", limits=LIMITS)
            await http.fetch(f"https://isp.example:{first.port}/again", limits=LIMITS)
    assert logins(first.heard) == ["u:w", "u:w"]
    assert logins(second.heard) == ["u:other"]


async def test_two_logins_of_one_host_go_each_to_its_own_path():
    async with listening(None) as server, PoliteClient(LAB, Names(), WallClock()) as http:
        base = f"127.0.0.2:{server.port}"
        await http.fetch(f"http://a:1@{base}/a/index.m3u8", limits=LIMITS)
        await http.fetch(f"http://b:2@{base}/b/index.m3u8", limits=LIMITS)
        await http.fetch(f"http://{base}/a/1.ts", limits=LIMITS)
        await http.fetch(f"http://{base}/b/1.ts", limits=LIMITS)
    assert logins(server.heard) == ["a:1", "b:2", "a:1", "b:2"]


# Suspects


async def test_a_suspects_own_certificate_is_taken_and_recorded(impostors):
    async with (
        listening(impostors["a self-signed certificate"]) as server,
        SuspectClient(LAB, Names(), WallClock()) as http,
    ):
        url = f"https://pirate.example:{server.port}/"
        answers = [await http.fetch(url, limits=LIMITS) for _ in range(2)]
    shown = {one.exchanges[0].certificate for one in answers}
    assert len(shown) == 1
    [certificate] = shown
    assert certificate.unverified == "self-signed certificate"
    assert len(certificate.sha256) == 64


async def test_a_suspects_certificate_that_verifies_is_recorded_as_such(authority, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))
    path = authority.vouch("shop.example")
    async with listening(proofs(path)) as server, SuspectClient(LAB, Names(), WallClock()) as http:
        answer = await http.fetch(f"https://shop.example:{server.port}/", limits=LIMITS)
    [exchange] = answer.exchanges
    der = x509.load_pem_x509_certificate(path.read_bytes()).public_bytes(Encoding.DER)
    assert exchange.certificate.unverified is None
    assert exchange.certificate.sha256 == str(digest_of(der)).removeprefix("sha256:")


async def test_an_exchange_without_tls_shows_no_certificate():
    async with listening(None) as server, SuspectClient(LAB, Names(), WallClock()) as http:
        answer = await http.fetch(f"http://pirate.example:{server.port}/", limits=LIMITS)
    assert answer.exchanges[0].certificate is None


@pytest.mark.parametrize(
    ("whose", "name"),
    [(HttpPublisher.__init__, "fetcher"), (RdapRegistry.__init__, "fetcher"),
     (FetchedCalendars.__init__, "fetcher"), (Pump.__init__, "fetcher"), (LivePorts, "fetcher"),
     (WatchPorts, "own"), (WatchPorts, "own_feeds")],
)  # fmt: skip
def test_what_sends_or_believes_asks_for_a_fetcher_that_verifies(whose, name):
    """Mypy refuses a suspect's client there: it has nothing that says it verifies."""
    assert get_type_hints(whose)[name] is VerifiedFetcher
    assert not hasattr(SuspectClient, "verifies")
    assert PoliteClient.verifies is True
