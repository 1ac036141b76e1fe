"""EU trusted lists (ETSI TS 119 612): which services make qualified time-stamps, and when.

A country's list is XML from outside: a document type, an entity, great depth and great size are
refused, and nothing is ever fetched. Who supplies a list vouches for it; with the certificate of
its signer, its own signature is checked (:mod:`cautery.evidence.outside.list_signature`).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from xml.parsers import expat

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cautery.errors import InputError
from cautery.evidence.outside.list_signature import signed_part
from cautery.model.times import to_utc

MAX_LIST_BYTES = 32 << 20
"""Of one country's list: the longest have some 10 MB. Judgement."""
_NAMESPACE = "http://uri.etsi.org/02231/v2#"
_ROOT = f"{_NAMESPACE} TrustServiceStatusList"
_OF_A_COUNTRY = "http://uri.etsi.org/TrstSvc/TrustedList/TSLType/EUgeneric"
_OF_LISTS = "http://uri.etsi.org/TrstSvc/TrustedList/TSLType/EUlistofthelists"
_STAMPS = "http://uri.etsi.org/TrstSvc/Svctype/TSA/QTST"
_GRANTED = "http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/granted"
_DEEPEST = 64
_LONGEST_TEXT = 1 << 17
_MOST_ELEMENTS = 2_000_000
_MOST_SERVICES = 20_000
_MOST_CERTIFICATES = 100
"""Of one service, and states in its history; usual ones have under ten."""
_STATES = frozenset({"ServiceInformation", "ServiceHistoryInstance"})
_KEPT = frozenset(
    {
        "TSLType",
        "SchemeTerritory",
        "ListIssueDateTime",
        "dateTime",
        "Name",
        "ServiceTypeIdentifier",
        "ServiceStatus",
        "StatusStartingTime",
        "X509Certificate",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StampingService:
    """A service of a trusted list that makes, or made, qualified time-stamps.

    Parameters
    ----------
    name : str
        The provider's and the service's name.
    certificates : tuple of Certificate
        Of the service itself, or of the authority that issues its certificates.
    states : tuple of (datetime, bool)
        From when on it was granted, or was not; by time.
    """

    name: str
    certificates: tuple[x509.Certificate, ...]
    states: tuple[tuple[datetime, bool], ...]

    def is_granted(self, at: datetime) -> bool:
        """Tell whether it was a qualified service at a time."""
        granted = False
        for since, is_so in self.states:
            if since <= at:
                granted = is_so
        return granted


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedList:
    """One country's list, as far as it is about time-stamps.

    Parameters
    ----------
    territory : str
        Country.
    issued : datetime
        When.
    until : datetime or None
        By when the next one was to come; ``None``: the list is closed.
    services : tuple of StampingService
        Those for time-stamps.
    signed_by : str
        Subject of the given certificate that signed it; empty: nobody checked its signature.
    """

    territory: str
    issued: datetime
    until: datetime | None
    services: tuple[StampingService, ...]
    signed_by: str = ""

    def service_of(self, path: Sequence[x509.Certificate], at: datetime) -> str | None:
        """Return the qualified service whose time-stamp it is; ``None``: none of this list.

        Parameters
        ----------
        path : sequence of Certificate
            Of the time-stamp's signer and of who issued it.
        at : datetime
            When the time-stamp was made. A list says nothing of times after it was to be replaced.
        """
        if self.until is None or at > self.until:
            return None
        # The signer or its issuer: a list names the service's own certificate, or the authority
        # that issues them. Compared by key, since certificates are renewed.
        keys = {_key(certificate) for certificate in path[:2]}
        for service in self.services:
            if service.is_granted(at) and any(
                _key(certificate) in keys for certificate in service.certificates
            ):
                return service.name
        return None


def read_trusted_list(raw: bytes, *, signers: Sequence[x509.Certificate] = ()) -> TrustedList:
    """Read a country's trusted list.

    Parameters
    ----------
    signers : sequence of Certificate
        Of these, one has to have signed it; empty: its signature is not checked.

    Raises
    ------
    InputError
        If it is none, is not one that a careful reader would go on with, or none of them signed it.
    """
    read = _read(raw)
    if not signers:
        return read
    # Read again is what was signed, and no other byte.
    part, signer = signed_part(raw, signers, at=read.issued)
    return replace(_read(part), signed_by=signer.subject.rfc4514_string())


def _read(raw: bytes) -> TrustedList:
    if len(raw) > MAX_LIST_BYTES:
        raise InputError(f"a trusted list of more than {MAX_LIST_BYTES} bytes")
    reading = _Reading()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    parser.StartDoctypeDeclHandler = reading.doctype
    parser.StartElementHandler = reading.start
    parser.EndElementHandler = reading.end
    parser.CharacterDataHandler = reading.text
    try:
        parser.Parse(raw, True)
    except expat.ExpatError as error:
        raise InputError(
            f"not a trusted list: broken XML in line {error.lineno} "
            f"({expat.ErrorString(error.code)})"
        ) from None
    except (LookupError, ValueError) as error:
        raise InputError(f"not a trusted list: {str(error)[:200]}") from None
    return reading.list()


@dataclass(slots=True)
class _State:
    """A service's present or earlier state while it is read."""

    type: str = ""
    status: str = ""
    since: str = ""
    name: str = ""


@dataclass(slots=True)
class _Reading:
    """What expat has read so far."""

    open: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    length: int = 0
    elements: int = 0
    type: str = ""
    territory: str = ""
    issued: str = ""
    until: str = ""
    provider: str = ""
    states: list[_State] = field(default_factory=list)
    certificates: list[str] = field(default_factory=list)
    services: list[StampingService] = field(default_factory=list)

    def doctype(self, *_: object) -> None:
        """Refuse a document type: entities are declared there."""
        raise InputError("not a trusted list: it has a document type, which is refused")

    def start(self, name: str, _: dict[str, str]) -> None:
        """Take a start tag."""
        if not self.open and name != _ROOT:
            raise InputError(f"not a trusted list: its root is <{name.rpartition(' ')[2][:40]}>")
        self.elements += 1
        if len(self.open) >= _DEEPEST or self.elements > _MOST_ELEMENTS:
            raise InputError("not a trusted list: too deep, or too many elements")
        local = name.removeprefix(f"{_NAMESPACE} ")
        self.open.append(local)
        self.texts, self.length = [], 0
        if local == "TrustServiceProvider":
            self.provider = ""
        elif local == "TSPService":
            self.states, self.certificates = [], []
        elif local in _STATES:
            self.states.append(_State())
            _bounded(self.states)

    def text(self, piece: str) -> None:
        """Take text, where it matters."""
        if self.open and self.open[-1] in _KEPT:
            self.length += len(piece)
            if self.length > _LONGEST_TEXT:
                raise InputError("not a trusted list: one of its texts is too long")
            self.texts.append(piece)

    def end(self, _: str) -> None:
        """Take an end tag."""
        local, text = self.open.pop(), "".join(self.texts).strip()
        self.texts, self.length = [], 0
        if local == "TSPService":
            self._service()
        elif text and "TSPService" in self.open:
            self._of_service(local, text)
        elif text:
            self._of_scheme(local, text)

    def _of_scheme(self, local: str, text: str) -> None:
        within = self.open[1:2]
        if within == ["SchemeInformation"]:
            if local == "TSLType":
                self.type = text
            elif local == "SchemeTerritory" and len(self.open) == 2:
                self.territory = text[:20]
            elif local == "ListIssueDateTime":
                self.issued = text
            elif local == "dateTime" and self.open[-1] == "NextUpdate":
                self.until = text
        elif local == "Name" and self.open[-1] == "TSPName":
            self.provider = self.provider or text[:200]

    def _of_service(self, local: str, text: str) -> None:
        if local == "X509Certificate":
            self.certificates.append(text)
            _bounded(self.certificates)
        if not self.states:
            return
        state, above = self.states[-1], self.open[-1]
        if above in _STATES:
            if local == "ServiceTypeIdentifier":
                state.type = text
            elif local == "ServiceStatus":
                state.status = text
            elif local == "StatusStartingTime":
                state.since = text
        elif local == "Name" and above == "ServiceName":
            state.name = state.name or text[:200]

    def _service(self) -> None:
        if not any(state.type == _STAMPS for state in self.states):
            return
        if len(self.services) >= _MOST_SERVICES:
            raise InputError(f"not a trusted list: more than {_MOST_SERVICES} services")
        states = sorted(
            (_time("StatusStartingTime", state.since), _is_granted(state)) for state in self.states
        )
        self.services.append(
            StampingService(
                name=", ".join(filter(None, (self.provider, self.states[0].name))),
                certificates=tuple(filter(None, map(_certificate, self.certificates))),
                states=tuple(states),
            )
        )

    def list(self) -> TrustedList:
        """Return what was read, once nothing follows.

        Raises
        ------
        InputError
            If it is no list of a country.
        """
        if self.type == _OF_LISTS:
            raise InputError(
                "this is the list of the trusted lists, which names no service",
                hint="Give the list of the country of the time-stamping authority.",
            )
        if self.type != _OF_A_COUNTRY:
            raise InputError(f"not a trusted list of the EU: its type is {self.type[:100]!r}")
        return TrustedList(
            territory=self.territory or "?",
            issued=_time("ListIssueDateTime", self.issued),
            until=_time("NextUpdate", self.until) if self.until else None,
            services=tuple(self.services),
        )


def _bounded(rows: Sequence[object]) -> None:
    if len(rows) > _MOST_CERTIFICATES:
        raise InputError("not a trusted list: a service has too many certificates or states")


def _is_granted(state: _State) -> bool:
    return (state.type, state.status) == (_STAMPS, _GRANTED)


def _time(what: str, text: str) -> datetime:
    try:
        return to_utc(what, datetime.fromisoformat(text))
    except (ValueError, OverflowError, InputError) as error:
        raise InputError(f"not a trusted list: {what} {text[:40]!r} is not a time") from error


def _certificate(text: str) -> x509.Certificate | None:
    """Return a certificate; lists hold some that no library reads, which prove nothing."""
    try:
        certificate = x509.load_der_x509_certificate(base64.b64decode("".join(text.split())))
        certificate.public_key()
    except (ValueError, TypeError, binascii.Error, UnsupportedAlgorithm):
        return None
    return certificate


def _key(certificate: x509.Certificate) -> bytes:
    return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
