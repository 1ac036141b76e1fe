"""EU trusted lists of the lab (ETSI TS 119 612), in the form in which countries publish theirs."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from importlib import import_module
from typing import Any
from xml.sax.saxutils import escape

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding

from cautery.model.times import iso

_URI = "http://uri.etsi.org/TrstSvc"
_DS, _XADES = "http://www.w3.org/2000/09/xmldsig#", "http://uri.etsi.org/01903/v1.3.2#"
_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
_SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
GRANTED, WITHDRAWN = "granted", "withdrawn"
STAMPS, CERTIFICATES = "TSA/QTST", "CA/QC"


def trusted_list(
    certificates: Sequence[x509.Certificate],
    *,
    issued: datetime,
    until: datetime,
    states: Sequence[tuple[datetime, str]],
    service: str = STAMPS,
    type_: str = "EUgeneric",
) -> bytes:
    """Return the list of an invented country with one service.

    Parameters
    ----------
    certificates : sequence of Certificate
        By which the service is known.
    states : sequence of (datetime, str)
        From when on it had which status; the newest first.
    """
    identity = "".join(
        f"<DigitalId><X509Certificate>{_base64(certificate)}</X509Certificate></DigitalId>"
        for certificate in certificates
    )
    identity_xml = f"<ServiceDigitalIdentity>{identity}</ServiceDigitalIdentity>"
    (since, status), *earlier = states
    history = "".join(
        f"<ServiceHistoryInstance>{_state(service, was, begins)}</ServiceHistoryInstance>"
        for begins, was in earlier
    )
    return f"""\
<?xml version="1.0" encoding="UTF-8"?>
<TrustServiceStatusList xmlns="http://uri.etsi.org/02231/v2#" TSLTag="{_URI}/TSLTag">
<SchemeInformation><TSLVersionIdentifier>5</TSLVersionIdentifier>
<TSLType>{_URI}/TrustedList/TSLType/{escape(type_)}</TSLType>
<SchemeTerritory>XL</SchemeTerritory>
<ListIssueDateTime>{iso(issued)}</ListIssueDateTime>
<NextUpdate><dateTime>{iso(until)}</dateTime></NextUpdate></SchemeInformation>
<TrustServiceProviderList><TrustServiceProvider>
<TSPInformation><TSPName><Name xml:lang="en">Lab provider</Name></TSPName></TSPInformation>
<TSPServices><TSPService>
<ServiceInformation>{_state(service, status, since)}{identity_xml}</ServiceInformation>
<ServiceHistory>{history}</ServiceHistory>
</TSPService></TSPServices>
</TrustServiceProvider></TrustServiceProviderList>
</TrustServiceStatusList>
""".encode()


def signed(
    raw: bytes, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate, *, at: datetime
) -> bytes:
    """Return a list with the signature of its scheme's operator (XAdES-BES, enveloped).

    Parameters
    ----------
    at : datetime
        When it is signed, as the signature says.
    """
    root = _parsed(raw)
    whole = _canonical(root)
    digest = b64encode(sha256(certificate.public_bytes(Encoding.DER)).digest()).decode()
    properties = f"""\
<xades:SignedProperties xmlns:xades="{_XADES}" xmlns:ds="{_DS}" Id="props">\
<xades:SignedSignatureProperties><xades:SigningTime>{iso(at)}</xades:SigningTime>\
<xades:SigningCertificateV2><xades:Cert><xades:CertDigest>\
<ds:DigestMethod Algorithm="{_SHA256}"/><ds:DigestValue>{digest}</ds:DigestValue>\
</xades:CertDigest></xades:Cert></xades:SigningCertificateV2></xades:SignedSignatureProperties>\
</xades:SignedProperties>"""
    type_ = ' Type="http://uri.etsi.org/01903#SignedProperties"'
    info = f"""\
<ds:SignedInfo xmlns:ds="{_DS}"><ds:CanonicalizationMethod Algorithm="{_C14N}"/>\
<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"/>\
{_reference("", whole, enveloped=True)}\
{_reference("#props", _canonical(_parsed(properties.encode())), more=type_)}</ds:SignedInfo>"""
    r, s = decode_dss_signature(
        key.sign(_canonical(_parsed(info.encode())), ec.ECDSA(hashes.SHA256()))
    )
    size = (key.curve.key_size + 7) // 8
    value = b64encode(r.to_bytes(size, "big") + s.to_bytes(size, "big")).decode()
    signature = f"""\
<ds:Signature xmlns:ds="{_DS}" Id="sig">{info}<ds:SignatureValue>{value}</ds:SignatureValue>\
<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{_base64(certificate)}</ds:X509Certificate>\
</ds:X509Data></ds:KeyInfo><ds:Object><xades:QualifyingProperties xmlns:xades="{_XADES}" \
Target="#sig">{properties}</xades:QualifyingProperties></ds:Object></ds:Signature>"""
    end = raw.rindex(b"</TrustServiceStatusList>")
    return raw[:end] + signature.encode() + raw[end:]


def _reference(uri: str, octets: bytes, *, enveloped: bool = False, more: str = "") -> str:
    first = f'<ds:Transform Algorithm="{_DS}enveloped-signature"/>' if enveloped else ""
    return (
        f'<ds:Reference URI="{uri}"{more}><ds:Transforms>{first}<ds:Transform Algorithm="{_C14N}"/>'
        f'</ds:Transforms><ds:DigestMethod Algorithm="{_SHA256}"/>'
        f"<ds:DigestValue>{b64encode(sha256(octets).digest()).decode()}</ds:DigestValue>"
        "</ds:Reference>"
    )


def _parsed(raw: bytes) -> Any:
    return import_module("lxml.etree").fromstring(raw)


def _canonical(element: Any) -> bytes:
    octets: bytes = import_module("lxml.etree").tostring(element, method="c14n", exclusive=True)
    return octets


def _state(service: str, status: str, since: datetime) -> str:
    return (
        f"<ServiceTypeIdentifier>{_URI}/Svctype/{service}</ServiceTypeIdentifier>"
        '<ServiceName><Name xml:lang="en">Lab time-stamps</Name></ServiceName>'
        f"<ServiceStatus>{_URI}/TrustedList/Svcstatus/{status}</ServiceStatus>"
        f"<StatusStartingTime>{iso(since)}</StatusStartingTime>"
    )


def _base64(certificate: x509.Certificate) -> str:
    return b64encode(certificate.public_bytes(Encoding.DER)).decode()
