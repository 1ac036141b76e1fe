"""The chain of custody of a closed case: who opened, copied or handed over what, and why.

Nothing is written into a closed case, so its chain lies beside it, one canonical JSON object a
line. Each line names the digest of the line before it, so that none can be left out or altered in
between; a person's signature covers a line, and with it all lines before. Who can write beside the
case can cut lines off, also signed ones, and write others anew; but no line under the signature of
a known key can be changed, nor can one be put among these.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Container, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from threading import Lock
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from cautery.canonical import canonical
from cautery.errors import EvidenceError, InputError
from cautery.json_text import parsed_json
from cautery.model import iso, to_utc
from cautery.model.ed25519 import key_fault
from cautery.model.evidence import digest_of

MAX_CHAIN_BYTES = 8 << 20
"""Some 20,000 lines, each of which may be signed: they are checked in seven seconds of CPU."""
MAX_LINE_BYTES = 16_384
_TYPE = "cautery/custody/1"
_MOST_TEXT = 500
_MOST_RECEIPT = 4000
"""A receipt is a line of its own inside this one, with its signature and key; a note, a record."""


_reading = Lock()
_chains: dict[bytes, tuple[CustodyLine, ...] | str] = {}
"""By the digest of their bytes, chains that were read, or why they could not be."""
_MOST_CHAINS = 4


class CustodyAct(StrEnum):
    """What was done."""

    OPENED = "opened"
    """An exhibit was opened and looked at, or taken out."""
    COPIED = "copied"
    """The case, or a part of it, was copied into a dossier."""
    HANDED_OVER = "handed over"
    """It was given to somebody."""
    RECEIVED = "received"
    """The receiver says so."""
    NOTED = "noted"
    """Something was recorded of a closed case, which takes no record itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustodyLine:
    """One link of the chain.

    Parameters
    ----------
    at : str
        When, RFC 3339 in UTC, by the clock of the machine that wrote it.
    act : CustodyAct
        What was done.
    by : str
        Who did it, as this person names themselves.
    to : str
        Who was given it; empty: nobody else.
    why : str
        Why.
    what : str
        The exhibit's id, ``dossier`` and its audience, a receipt as its receiver signed it, or the
        kind and body of a record that a closed case does not take.
    digest : str
        SHA-256 of the bytes: of the exhibit, or of a dossier's tag manifest.
    previous : str
        Digest of the line before; empty: it is the first.
    public_key : str
        Ed25519 key of ``by``, base64; empty: not signed.
    signature : str
        Over the line without this member, base64; empty: not signed.
    case : str
        Id of the case; empty, and then no member of the line: an earlier version wrote it.
    """

    at: str
    act: CustodyAct
    by: str
    to: str = ""
    why: str
    what: str
    digest: str
    previous: str = ""
    public_key: str = ""
    signature: str = ""
    case: str = ""

    def __post_init__(self) -> None:
        for name in ("at", "by", "to", "why", "what", "digest", "case"):
            value = getattr(self, name)
            limit = _MOST_RECEIPT if name == "what" else _MOST_TEXT
            if len(value) > limit or not value.isprintable():
                raise InputError(f"{name}: one line of at most {limit} printable characters")
        if not self.by.strip() or not self.why.strip():
            raise InputError("a record of custody says who and why")

    def text(self) -> bytes:
        """Return the line as it stands in the chain, without its end."""
        members = asdict(self) | {"type": _TYPE}
        if not self.case:
            del members["case"]
        return canonical(members)

    def signed_text(self) -> bytes:
        """Return what the signature covers."""
        return replace(self, signature="").text()

    @property
    def signed_by(self) -> str:
        """The key that signed it, or the receipt in it, base64; empty: nobody did."""
        if self.act is CustodyAct.RECEIVED and not self.signature:
            return read_line(self.what.encode()).public_key
        return self.public_key

    @property
    def moment(self) -> datetime | None:
        """When, in UTC; ``None``: it is no time, or one of no zone, or outside of the calendar."""
        try:
            return to_utc("at", datetime.fromisoformat(self.at))
        except (ValueError, InputError):
            return None  # anybody who can write beside the case can add a line

    @property
    def id(self) -> str:
        """Digest of the line; the next one names it."""
        return digest_of(self.text())


def stated(
    *,
    at: datetime,
    act: CustodyAct,
    by: str,
    why: str,
    what: str,
    digest: str,
    to: str = "",
    previous: str = "",
    key: Ed25519PrivateKey | None = None,
    case: str = "",
) -> CustodyLine:
    """Make one line, signed where a key is given.

    Raises
    ------
    InputError
        If a text is too long, or nobody says who or why.
    """
    line = CustodyLine(
        at=iso(at), act=act, by=by, to=to, why=why, what=what, digest=digest, previous=previous,
        case=case,
        public_key="" if key is None else _text(key.public_key().public_bytes_raw()),
    )  # fmt: skip
    if key is None:
        return line
    return replace(line, signature=_text(key.sign(line.signed_text())))


def read_line(raw: bytes) -> CustodyLine:
    """Read one line, and check its signature if it has one.

    Raises
    ------
    EvidenceError
        If it is no such line, or its signature does not hold.
    """
    if len(raw) > MAX_LINE_BYTES:
        raise EvidenceError(f"a record of custody has at most {MAX_LINE_BYTES} bytes")
    try:
        value: Any = parsed_json(raw)
        if not isinstance(value, dict) or value.pop("type", None) != _TYPE:
            raise EvidenceError("not a record of custody")
        line = CustodyLine(**(value | {"act": CustodyAct(value["act"])}))
        # In another spelling one line would have several digests, and so several chains.
        if not all(isinstance(text, str) for text in asdict(line).values()) or line.text() != raw:
            raise EvidenceError("not a record of custody in its canonical form")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, InputError) as error:
        raise EvidenceError(f"not a record of custody: {str(error)[:200]}") from error
    check_signature(line)
    return line


def check_signature(line: CustodyLine) -> None:
    """Check the signature of a line that has one.

    Raises
    ------
    EvidenceError
        If it does not hold, or a key stands without a signature.
    """
    if bool(line.public_key) != bool(line.signature):
        raise EvidenceError("a record of custody has a key and a signature, or neither")
    if not line.signature:
        return
    try:
        raw = _bytes(line.public_key)
        if (fault := key_fault(raw)) is not None:
            raise EvidenceError(f"the key of {line.by} is not valid: {fault}")
        Ed25519PublicKey.from_public_bytes(raw).verify(_bytes(line.signature), line.signed_text())
    except (InvalidSignature, ValueError, binascii.Error) as error:
        raise EvidenceError(f"the signature of {line.by} does not hold") from error


def read_chain(raw: bytes) -> tuple[CustodyLine, ...]:
    """Read a whole chain, oldest first; the newest few that were read are kept.

    Each signature in it is checked, which takes seconds for a chain of 8 MB, and a room shows it
    with each exhibit.

    Raises
    ------
    EvidenceError
        Naming the first line that is wrong, or that does not follow the line before it.
    """
    digest = hashlib.sha256(raw).digest()
    with _reading:  # who asks for the same at the same time waits for it
        if digest not in _chains:
            try:
                _chains[digest] = _read_chain(raw)
            except EvidenceError as error:
                _chains[digest] = str(error)
            if len(_chains) > _MOST_CHAINS:
                del _chains[next(iter(_chains))]
        chain = _chains[digest]
    if isinstance(chain, str):
        raise EvidenceError(chain)
    return chain


def _read_chain(raw: bytes) -> tuple[CustodyLine, ...]:
    # A line is written with its end: one without it was cut, by a crash or by somebody.
    if raw and not raw.endswith(b"\n"):
        raise EvidenceError("the chain of custody is cut")
    lines: list[CustodyLine] = []
    previous = ""
    for number, text in enumerate(raw.splitlines(), start=1):
        try:
            line = read_line(text)
        except EvidenceError as error:
            raise EvidenceError(f"line {number}: {error}") from error
        if line.previous != previous:
            raise EvidenceError(f"line {number}: it does not follow the line before it")
        if line.act is CustodyAct.RECEIVED:
            try:
                check_receipt(line)
            except EvidenceError as error:
                raise EvidenceError(f"line {number}: {error}") from error
        previous = line.id
        lines.append(line)
    return tuple(lines)


def require_of_case(chain: Sequence[CustodyLine], case: str) -> None:
    """Raise if a line is of another case: a chain lies beside a folder, under the folder's name.

    Raises
    ------
    EvidenceError
        Naming the line.
    """
    for number, line in enumerate(chain, start=1):
        if line.case not in ("", case):
            raise EvidenceError(f"the chain of custody: line {number} is of case {line.case}")


def signed_lines(chain: Sequence[CustodyLine], keys: Container[str] | None = None) -> int:
    """Return how many lines, from the first on, a signature covers.

    A receipt's own signature covers the receipt and no line before it.

    Parameters
    ----------
    keys : container of str, optional
        Keys, base64, whose signatures count; default: those of anybody.
    """
    return max(
        (
            count
            for count, line in enumerate(chain, start=1)
            if line.signature and (keys is None or line.public_key in keys)
        ),
        default=0,
    )


def odd_times(chain: Sequence[CustodyLine], opened_at: datetime | None) -> dict[int, str]:
    """Return what cannot be right about the times of some lines, by the line's place from 0.

    Parameters
    ----------
    opened_at : datetime or None
        When the case was opened; ``None``: that is not known.
    """
    remarks: dict[int, str] = {}
    latest = opened_at
    for place, line in enumerate(chain):
        at = line.moment
        if at is None:
            remarks[place] = "its time cannot be read"
        elif opened_at is not None and at < opened_at:
            remarks[place] = "before the case was opened"
        elif latest is not None and at < latest:
            remarks[place] = "earlier than a line before it"
        else:
            latest = at
    return remarks


def check_receipt(line: CustodyLine) -> CustodyLine:
    """Return the receipt that a line files, as its receiver signed it.

    Raises
    ------
    EvidenceError
        If the line files none, or says otherwise than the receipt.
    """
    # Half a surrogate pair, which JSON can spell, must be refused as a receipt and not end the
    # check.
    receipt = read_line(line.what.encode("utf-8", "surrogatepass"))
    if receipt.act is not CustodyAct.RECEIVED or not receipt.signature:
        raise EvidenceError("not a receipt that its receiver signed")
    if (receipt.by, receipt.why, receipt.digest) != (line.by, line.why, line.digest):
        raise EvidenceError("it says otherwise than the receipt that it files")
    return receipt


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
