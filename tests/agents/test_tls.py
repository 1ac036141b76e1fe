"""Who may fetch a list, and whom the agent believes: certificates of both sides."""

import ssl
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from cautery_provider.feed import Client, FeedError
from cautery_provider.settings import Tls


class Authority:
    """Signs certificates for loopback, and writes them as PEM."""

    def __init__(self, folder, name):
        self.folder, self.key = folder, ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.path = folder / f"{name}.pem"
        certificate = self._built(self.name, self.key.public_key(), ca=True)
        self.path.write_bytes(certificate.public_bytes(Encoding.PEM))

    def issue(self, name):
        """Return the files of a certificate and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = self._built(subject, key.public_key(), ca=False)
        paths = self.folder / f"{name}.crt", self.folder / f"{name}.key"
        paths[0].write_bytes(certificate.public_bytes(Encoding.PEM))
        paths[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return paths

    def _built(self, subject, public_key, *, ca):
        now = datetime.now(UTC)
        names = [x509.IPAddress(ip_address("127.0.0.1"))]
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .sign(self.key, SHA256())
        )


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"list")

    def log_message(self, *_):
        pass


class Quiet(HTTPServer):
    def handle_error(self, *_):
        """Say nothing: the client is told what was wrong."""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A feed that asks for a certificate of the lists' authority."""
    folder = tmp_path_factory.mktemp("tls")
    ours, theirs = Authority(folder, "lists"), Authority(folder, "somebody")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*ours.issue("feed"))
    context.load_verify_locations(ours.path)
    context.verify_mode = ssl.CERT_REQUIRED
    server = Quiet(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"https://127.0.0.1:{server.server_address[1]}/", ours, theirs
    server.shutdown()
    server.server_close()


def test_a_provider_with_its_certificate_gets_the_list(place):
    url, ours, _ = place
    client = Client(Tls(*ours.issue("provider"), ours.path))
    assert client.get(url, etag=None, since=None).body == b"list"


def test_a_stranger_gets_no_list(place):
    url, ours, theirs = place
    for pair in ((None, None), theirs.issue("stranger")):
        with pytest.raises(FeedError):
            Client(Tls(*pair, ours.path)).get(url, etag=None, since=None)


def test_a_feed_that_another_authority_vouches_for_is_not_believed(place):
    url, ours, theirs = place
    for authorities in (theirs.path, None):
        with pytest.raises(FeedError, match="certificate verify failed"):
            Client(Tls(*ours.issue("provider"), authorities)).get(url, etag=None, since=None)


def test_a_feed_under_another_name_is_not_believed(place):
    url, ours, _ = place
    with pytest.raises(FeedError, match="certificate verify failed"):
        Client(Tls(*ours.issue("provider"), ours.path)).get(
            url.replace("127.0.0.1", "localhost"), etag=None, since=None
        )
