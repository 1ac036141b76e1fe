"""A time-stamping authority of the lab, made and answered by OpenSSL (RFC 3161).

It is one of the lab's inventions: its root is trusted by nobody. ``openssl ts -reply`` answers, so
what checks its tokens here is another program than what made them.
"""

from __future__ import annotations

import subprocess
import tempfile
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID
from rfc3161_client._rust import parse_timestamp_request

from cautery.errors import SourceError

POLICY = "1.3.6.1.4.1.32473.1"
"""Under the arc of examples (RFC 5612)."""
OCSP_PATH = "/ocsp"
_SHA256 = "2.16.840.1.101.3.4.2.1"
_CONFIG = """\
[tsa]
default_tsa = it
[it]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = {policy}
digests = sha256, sha384, sha512
accuracy = secs:1
ordering = no
tsa_name = no
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


class LabAuthority:
    """A root, a time-stamping certificate under it, and a list of revoked certificates.

    Parameters
    ----------
    folder : Path
        Where its files are made; ``root.pem`` is what a checker trusts.
    name : str
        Its common name.
    begins, ends : datetime
        Validity of the time-stamping certificate.
    usages : sequence
        Its extended key usages; by default time-stamping alone.
    crl_url : str or None
        Where its list of revoked certificates will be served.
    ocsp_url : str or None
        Where its OCSP responder will answer.
    """

    def __init__(
        self,
        folder: Path,
        name: str = "Lab time-stamping authority",
        *,
        begins: datetime,
        ends: datetime,
        usages: tuple[x509.ObjectIdentifier, ...] = (ExtendedKeyUsageOID.TIME_STAMPING,),
        crl_url: str | None = None,
        ocsp_url: str | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._root_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{name}, root")])
        years = timedelta(days=40 * 365)
        root = (
            x509.CertificateBuilder()
            .subject_name(self._root_name)
            .issuer_name(self._root_name)
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begins - years)
            .not_valid_after(begins + years)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_USE_OF_A_ROOT, critical=True)
            .sign(self._key, hashes.SHA256())
        )
        key = ec.generate_private_key(ec.SECP256R1())
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(self._root_name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begins)
            .not_valid_after(ends)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage(usages), critical=True)
        )
        if crl_url is not None:
            point = x509.DistributionPoint(
                [x509.UniformResourceIdentifier(crl_url)], None, None, None
            )
            builder = builder.add_extension(x509.CRLDistributionPoints([point]), critical=False)
        if ocsp_url is not None:
            access = x509.AccessDescription(
                AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(ocsp_url)
            )
            place = x509.AuthorityInformationAccess([access])
            builder = builder.add_extension(place, critical=False)
        self.certificate = builder.sign(self._key, hashes.SHA256())
        self.root_certificate = root
        pem = serialization.Encoding.PEM
        (folder / "root.pem").write_bytes(root.public_bytes(pem))
        (folder / "tsa.pem").write_bytes(self.certificate.public_bytes(pem))
        (folder / "tsa.key").write_bytes(
            key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        )
        (folder / "tsa.key").chmod(0o600)
        (folder / "serial").write_text("01\n")
        (folder / "tsa.cnf").write_text(_CONFIG.format(folder=folder, policy=POLICY))
        self._lock = threading.Lock()
        self._serial = 1 << 32

    @property
    def root(self) -> bytes:
        """Its root certificate, PEM."""
        return (self.folder / "root.pem").read_bytes()

    def answer(self, request: bytes) -> bytes:
        """Return what ``openssl ts -reply`` answers to a request, by the machine's clock.

        Raises
        ------
        SourceError
            If OpenSSL fails.
        """
        with self._lock:  # it counts serial numbers in a file
            return _openssl(
                ("ts", "-reply", "-config", str(self.folder / "tsa.cnf")), "-queryfile", request
            )

    def answer_at(
        self, request: bytes, *, at: datetime, policy: str = POLICY, accuracy_s: int = 1
    ) -> bytes:
        """Return an answer with any genTime, for worlds with a clock of their own.

        Raises
        ------
        SourceError
            If OpenSSL fails.
        """
        query = parse_timestamp_request(request)
        imprint, nonce = query.message_imprint.message, query.nonce or 0
        with self._lock:
            self._serial += 1
            serial = self._serial
        info = _tlv(
            0x30,
            _integer(1),
            _oid(policy),
            _tlv(0x30, _tlv(0x30, _oid(_SHA256)), _tlv(4, imprint)),
            _integer(serial),
            _tlv(0x18, f"{at.astimezone(UTC):%Y%m%d%H%M%S}Z".encode()),
            _tlv(0x30, _integer(accuracy_s)),
            _integer(nonce),
        )
        token = _openssl(
            (
                *("cms", "-sign", "-binary", "-nodetach", "-cades", "-md", "sha256"),
                *("-econtent_type", "1.2.840.113549.1.9.16.1.4", "-outform", "DER"),
                *("-signer", str(self.folder / "tsa.pem")),
                *("-inkey", str(self.folder / "tsa.key")),
            ),
            "-in",
            info,
        )
        return _tlv(0x30, _tlv(0x30, _integer(0)), token)

    def crl(
        self,
        *,
        at: datetime,
        revoked: datetime | None = None,
        reason: x509.ReasonFlags | None = x509.ReasonFlags.superseded,
    ) -> bytes:
        """Return its list of revoked certificates, DER; ``revoked`` puts its own on it."""
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self._root_name)
            .last_update(at)
            .next_update(at + timedelta(days=7))
        )
        if revoked is not None:
            entry = (
                x509.RevokedCertificateBuilder()
                .serial_number(self.certificate.serial_number)
                .revocation_date(revoked)
            )
            if reason is not None:
                entry = entry.add_extension(x509.CRLReason(reason), critical=False)
            builder = builder.add_revoked_certificate(entry.build())
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)

    def ocsp(
        self,
        request: bytes,
        *,
        at: datetime,
        revoked: datetime | None = None,
        reason: x509.ReasonFlags | None = x509.ReasonFlags.superseded,
        delegate: bool = False,
    ) -> bytes:
        """Return what its OCSP responder answers, DER.

        Parameters
        ----------
        revoked : datetime or None
            When its certificate was revoked; ``None``: it is good.
        reason : ReasonFlags or None
            Why it was revoked; ``None``: that is not said.
        delegate : bool
            A responder that the root lets answer signs, and not the root itself.

        Raises
        ------
        SourceError
            If that is no request about its certificate.
        """
        try:
            query = ocsp.load_der_ocsp_request(request)
        except ValueError as error:
            raise SourceError(f"no OCSP request: {error}") from error
        if query.serial_number != self.certificate.serial_number:
            raise SourceError("an OCSP request about a certificate of another authority")
        signer, key = self._responder(at) if delegate else (self.root_certificate, self._key)
        builder = ocsp.OCSPResponseBuilder().add_response(
            cert=self.certificate,
            issuer=self.root_certificate,
            algorithm=query.hash_algorithm,
            cert_status=ocsp.OCSPCertStatus.GOOD
            if revoked is None
            else ocsp.OCSPCertStatus.REVOKED,
            this_update=at,
            next_update=at + timedelta(days=7),
            revocation_time=revoked,
            revocation_reason=None if revoked is None else reason,
        )
        builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, signer)
        if delegate:
            builder = builder.certificates([signer])
        return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)

    def _responder(
        self, at: datetime, usage: x509.ObjectIdentifier = ExtendedKeyUsageOID.OCSP_SIGNING
    ) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Lab responder")]))
            .issuer_name(self._root_name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(at - timedelta(days=1))
            .not_valid_after(at + timedelta(days=30))
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return certificate, key


_ENVIRONMENT = {"PATH": "/usr/bin:/bin:/usr/local/bin"}
_USE_OF_A_ROOT = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


def _openssl(command: tuple[str, ...], option: str, data: bytes) -> bytes:
    with tempfile.TemporaryDirectory(prefix="cautery-tsa-") as scratch:
        input_path, output_path = Path(scratch) / "in", Path(scratch) / "out"
        input_path.write_bytes(data)
        try:
            subprocess.run(  # noqa: S603 - ours
                ["openssl", *command, option, str(input_path), "-out", str(output_path)],  # noqa: S607
                check=True,
                capture_output=True,
                timeout=20,
                env=_ENVIRONMENT,
            )
        except (OSError, subprocess.SubprocessError) as error:
            detail = (getattr(error, "stderr", b"") or b"").decode(errors="replace")
            raise SourceError(f"openssl {command[0]} failed: {detail[:300]}") from error
        return output_path.read_bytes()


def _oid(dotted: str) -> bytes:
    """Return an object identifier in DER."""
    first, second, *further = map(int, dotted.split("."))
    body = bytearray()
    for number in (40 * first + second, *further):
        digits = [number & 0x7F]
        while number := number >> 7:
            digits.append(number & 0x7F | 0x80)
        body += bytes(reversed(digits))
    return _tlv(6, bytes(body))


def _integer(value: int) -> bytes:
    return _tlv(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _tlv(tag: int, *parts: bytes) -> bytes:
    value = b"".join(parts)
    if len(value) < 128:
        return bytes((tag, len(value))) + value
    size = len(value).to_bytes((len(value).bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(size))) + size + value
