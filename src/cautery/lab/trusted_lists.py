"""EU trusted lists of the lab (ETSI TS 119 612), in the form in which countries publish theirs."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import datetime
from xml.sax.saxutils import escape

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from cautery.model.times import iso

_URI = "http://uri.etsi.org/TrstSvc"
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
        f"<DigitalId><X509Certificate>{_base64(each)}</X509Certificate></DigitalId>"
        for each in certificates
    )
    known = f"<ServiceDigitalIdentity>{identity}</ServiceDigitalIdentity>"
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
<ServiceInformation>{_state(service, status, since)}{known}</ServiceInformation>
<ServiceHistory>{history}</ServiceHistory>
</TSPService></TSPServices>
</TrustServiceProvider></TrustServiceProviderList>
</TrustServiceStatusList>
""".encode()


def _state(service: str, status: str, since: datetime) -> str:
    return (
        f"<ServiceTypeIdentifier>{_URI}/Svctype/{service}</ServiceTypeIdentifier>"
        '<ServiceName><Name xml:lang="en">Lab time-stamps</Name></ServiceName>'
        f"<ServiceStatus>{_URI}/TrustedList/Svcstatus/{status}</ServiceStatus>"
        f"<StatusStartingTime>{iso(since)}</StatusStartingTime>"
    )


def _base64(certificate: x509.Certificate) -> str:
    return base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()
