"""Make the samples that are no text: a certificate, with a key that is thrown away.

The others were written by hand for these tests; every name, host and person in them is invented.
"""

from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

NAME = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a.example")])


def main() -> None:
    """Write ``samples/tls`` anew."""
    key = ec.generate_private_key(ec.SECP256R1())
    made = (
        x509.CertificateBuilder()
        .subject_name(NAME)
        .issuer_name(NAME)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2027, 1, 1, tzinfo=UTC))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("a.example"), x509.DNSName("b.example")]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    there = Path(__file__).parent / "samples" / "tls"
    there.write_bytes(made.public_bytes(Encoding.DER))


if __name__ == "__main__":
    main()
