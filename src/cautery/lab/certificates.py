"""Makes the certificates that the lab's hosts show: a network's own, a CDN's, a default one."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from cautery.lab.spec import HostSpec, Plan
from cautery.lab.underworld import CDN, MIDDLEWARE

_OWN_CERTIFICATES = "network-C"
"""Network C makes a certificate per host, all with one key."""


def write_certificates(plan: Plan, folder: Path) -> dict[str, Path]:
    """Write one PEM (key and certificate) for every listening host and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    keys: dict[str, ec.EllipticCurvePrivateKey] = {}
    written_paths: dict[str, Path] = {}
    paths: dict[str, Path] = {}
    for host in plan.hosts:
        if not host.listening:
            continue
        group = host.certificate
        key = keys.setdefault(group, ec.generate_private_key(ec.SECP256R1()))
        label = f"{group}-{host.name}" if group == _OWN_CERTIFICATES else group
        if label not in written_paths:
            names = [host.name] if group == _OWN_CERTIFICATES else _names(plan, host)
            written_paths[label] = _write(
                folder / f"{len(written_paths):03d}.pem", key, _subject(host), names
            )
        paths[host.name] = written_paths[label]
    return paths


def contexts(paths: dict[str, Path]) -> dict[str, ssl.SSLContext]:
    """Return a TLS context per host; hosts of one certificate share one."""
    loaded: dict[Path, ssl.SSLContext] = {}
    for path in set(paths.values()):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        loaded[path] = context
    by_host = {name: loaded[path] for name, path in paths.items()}

    def choose(connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        if name is not None and name in by_host:
            connection.context = by_host[name]

    for context in loaded.values():
        context.sni_callback = choose
    return by_host


class Authority:
    """An authority of the lab that vouches for names, as one of the world's would.

    Parameters
    ----------
    folder : Path
        Where its certificate and those that it signs lie.
    """

    def __init__(self, folder: Path, name: str = "Lab authority") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._name, self._count = folder, _named(name), 0
        self._key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.now(UTC)
        certificate = (
            _begun(self._name, self._name, self._key.public_key(), now)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.path = folder / "authority.pem"
        self.path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def vouch(self, *names: str, ended: bool = False, subject: str | None = None) -> Path:
        """Return a file with a key, and a certificate of it for names; it may have expired.

        Its subject is the first of the names, or ``subject``.
        """
        self._count += 1
        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.now(UTC) - timedelta(days=100 if ended else 0)
        signed = (
            _begun(_named(subject or names[0]), self._name, key.public_key(), now)
            .add_extension(x509.SubjectAlternativeName(_alternatives(names)), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return _kept(self._folder / f"signed-{self._count}.pem", key, signed)


def self_signed(path: Path, *names: str) -> Path:
    """Write a key, and a certificate for names that nobody vouches for; return its path."""
    return _write(path, ec.generate_private_key(ec.SECP256R1()), names[0], list(names))


def _subject(host: HostSpec) -> str:
    if host.certificate == MIDDLEWARE:
        return "middleware.localdomain"
    if host.certificate == CDN:
        return "edge.wideshade-cdn.example"
    return host.name


def _names(plan: Plan, host: HostSpec) -> list[str]:
    if host.certificate == MIDDLEWARE:
        return ["middleware.localdomain"]
    return [
        other_host.name for other_host in plan.hosts if other_host.certificate == host.certificate
    ]


def _write(path: Path, key: ec.EllipticCurvePrivateKey, subject: str, names: list[str]) -> Path:
    name = _named(subject)
    certificate = (
        _begun(name, name, key.public_key(), datetime.now(UTC))
        .add_extension(x509.SubjectAlternativeName(_alternatives(names)), critical=False)
        .sign(key, hashes.SHA256())
    )
    return _kept(path, key, certificate)


def _named(subject: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject[:64])])


def _alternatives(names: Iterable[str]) -> list[x509.GeneralName]:
    alternatives: list[x509.GeneralName] = []
    for name in names:
        try:
            alternatives.append(x509.IPAddress(ipaddress.ip_address(name)))
        except ValueError:
            alternatives.append(x509.DNSName(name))
    return alternatives


def _begun(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=20))
        .not_valid_after(now + timedelta(days=70))
    )


def _kept(path: Path, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> Path:
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.touch(mode=0o600)
    path.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))
    return path
