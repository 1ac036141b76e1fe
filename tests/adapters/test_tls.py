"""Certificates shown on loopback."""

import asyncio
import ssl
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from cautery.adapters.tls import TlsCertificates
from cautery.errors import ForbiddenAddressError, SourceError
from cautery.lab.readers import ReadersHere
from cautery.model import ClockOffset, NetworkPolicy

pytestmark = pytest.mark.enable_socket
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
LAB = NetworkPolicy(allow=("127.0.0.0/8",))


class Noon:
    def now(self):
        return NOON

    def offset(self):
        return ClockOffset(seconds=None, uncertainty_s=None, method="test")


class Here:
    async def resolve(self, host):
        return ("127.0.0.4",)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "edge.example")])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(7).not_valid_before(NOON).not_valid_after(NOON + timedelta(days=90))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("edge.example"), x509.DNSName("*.edge.example")]), False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    (folder / "c.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "k.pem").write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))  # fmt: skip
    return folder


@asynccontextmanager
async def server(context, talk=None):
    async def serve(reader, writer):
        if talk:
            await talk(writer)
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.4", 0, ssl=context)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        listening.close()


async def test_the_certificate_is_read_with_its_names_and_key(files):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files / "c.pem", files / "k.pem")
    asked = []
    context.sni_callback = lambda _socket, name, _context: asked.append(name)
    async with server(context) as port:
        found = await TlsCertificates(Here(), LAB, Noon(), ReadersHere()).of("edge.example", port)
    assert found.names == ("*.edge.example", "edge.example")
    assert (found.self_signed, found.address, found.seen_at) == (True, "127.0.0.4", NOON)
    assert found.not_before == NOON
    assert asked == ["edge.example"]


async def test_a_server_without_tls_is_a_source_error():
    async def plain(writer):
        writer.write(b"HTTP/1.1 400 Bad\r\n\r\n")
        await writer.drain()

    async with server(None, plain) as port:
        with pytest.raises(SourceError, match=r"edge\.example:\d+: no TLS server"):
            await TlsCertificates(Here(), LAB, Noon(), ReadersHere()).of("edge.example", port)


async def test_a_server_that_says_nothing_is_left_in_time():
    async def wait(writer):
        await asyncio.sleep(0.5)

    async with server(None, wait) as port:
        with pytest.raises(SourceError, match="no handshake within"):
            await TlsCertificates(Here(), LAB, Noon(), ReadersHere(), timeout_s=0.2).of(
                "edge.example", port
            )


async def test_an_address_outside_the_mandate_is_refused():
    with pytest.raises(ForbiddenAddressError):
        await TlsCertificates(Here(), NetworkPolicy(), Noon(), ReadersHere()).of("edge.example")


@pytest.mark.parametrize("port", [22, 25, 445])
async def test_a_port_of_another_service_is_left_alone(port):
    with pytest.raises(
        ForbiddenAddressError, match=f"port {port} belongs to another service than the web"
    ):
        await TlsCertificates(Here(), LAB, Noon(), ReadersHere()).of("edge.example", port)


async def test_a_port_that_cannot_be_is_a_source_error():
    with pytest.raises(SourceError, match="70000 is not a valid port"):
        await TlsCertificates(Here(), LAB, Noon(), ReadersHere()).of("edge.example", 70_000)
