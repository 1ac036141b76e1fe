"""Certificate Transparency: which certificates were logged for which names, and when."""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cautery.errors import SourceError
from cautery.formats._dates import moment_of
from cautery.formats._json import objects, other_in, text_in
from cautery.formats._tally import Tally
from cautery.formats._values import ReadWarning
from cautery.formats.tls import read_certificate
from cautery.messages import message

FORMAT = "Certificate Transparency entries: crt.sh's JSON, and get-entries of a log"
SPECIFICATION = "RFC 6962 sections 3.4 and 4.6; crt.sh's output=json, which has no standard"
MEDIA_TYPES = ("application/json",)

_LARGEST_ENTRY = 1_000_000
_UNDATED = datetime.min.replace(tzinfo=UTC)
_MOST_NAMES = 2_000
_FIELDS = frozenset(
    ("issuer_name", "common_name", "name_value", "entry_timestamp", "not_before", "not_after",
     "serial_number")
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedCertificate:
    """One certificate, or what was to become one, as a log has it.

    Parameters
    ----------
    names : tuple of str
        In lower case, sorted; wildcards as they stand.
    logged_at, not_before, not_after : datetime or None
        ``None``: not said, or not readable.
    precertificate : bool or None
        crt.sh's JSON does not say.
    spki_sha256 : str or None
        Of the key, from a log's own entries only.
    """

    names: tuple[str, ...]
    issuer: str
    serial: str | None
    logged_at: datetime | None
    not_before: datetime | None
    not_after: datetime | None
    precertificate: bool | None
    sha256: str | None
    spki_sha256: str | None
    other: tuple[tuple[str, str], ...] = ()


def read_ct(chunks: Iterable[bytes]) -> Iterator[LoggedCertificate | ReadWarning]:
    r"""Yield the entries of an answer as they stand; signatures are not checked.

    Raises
    ------
    SourceError
        If it is no such answer or breaks off; what stands before has been yielded.

    Examples
    --------
    >>> [one] = read_ct([b'[{"issuer_name": "CN=R3", "name_value": "b.example\\na.example"}]'])
    >>> one.names
    ('a.example', 'b.example')
    """
    tally = Tally()
    entries = objects(
        chunks, expected_format="CT entries", below=("entries",), largest=_LARGEST_ENTRY
    )
    for number, entry in enumerate(entries, start=1):
        try:
            yield _entry(entry)
        except SourceError as error:
            yield from tally.add(
                number, message("source-row.unread", detail=str(error)[:120]), repr(entry)[:200]
            )
    yield from tally.rest()


def _entry(entry: Any) -> LoggedCertificate:
    if not isinstance(entry, dict):
        raise SourceError("no entry")
    if "leaf_input" in entry:
        return _logged(entry)
    listed = (text_in(entry.get("name_value"), most_characters=65_536) or "").split("\n")
    names = {name.strip().lower() for name in (*listed, text_in(entry.get("common_name")) or "")}
    names.discard("")
    if not names:
        raise SourceError("an entry without a name")
    return LoggedCertificate(
        names=tuple(sorted(names))[:_MOST_NAMES],
        issuer=text_in(entry.get("issuer_name")) or "",
        serial=text_in(entry.get("serial_number")),
        logged_at=moment_of(text_in(entry.get("entry_timestamp")) or ""),
        not_before=moment_of(text_in(entry.get("not_before")) or ""),
        not_after=moment_of(text_in(entry.get("not_after")) or ""),
        precertificate=None,
        sha256=None,
        spki_sha256=None,
        other=other_in(entry, _FIELDS),
    )


def _logged(entry: dict[str, Any]) -> LoggedCertificate:
    """Read a MerkleTreeLeaf; a precertificate stands whole at the beginning of the extra data."""
    leaf = _decoded(entry.get("leaf_input"))
    try:
        version, leaf_type, milliseconds, entry_type = struct.unpack_from(">BBQH", leaf)
        if version != 0 or leaf_type != 0 or entry_type > 1:
            raise SourceError("a leaf of a kind that RFC 6962 does not define")
        # An issued certificate stands in the leaf behind its head of 12 bytes (RFC 6962, 3.4); of
        # a precertificate the leaf has only a part.
        der = (
            _vector(leaf, 12) if entry_type == 0 else _vector(_decoded(entry.get("extra_data")), 0)
        )
    except struct.error:
        raise SourceError("a leaf that is cut off") from None
    # 4102444800 is the year 2100.
    has_date = 0 < milliseconds < 4_102_444_800_000
    at = datetime.fromtimestamp(milliseconds / 1000, UTC) if has_date else None
    facts = read_certificate(der, host="a log", address="", seen_at=at or _UNDATED)
    return LoggedCertificate(
        names=facts.names,
        issuer=facts.issuer,
        serial=None,
        logged_at=at,
        not_before=facts.not_before,
        not_after=facts.not_after,
        precertificate=entry_type == 1,
        sha256=facts.sha256,
        spki_sha256=facts.spki_sha256,
        other=other_in(entry, frozenset(("leaf_input", "extra_data"))),
    )


def _decoded(value: object) -> bytes:
    text = text_in(value, most_characters=_LARGEST_ENTRY) or ""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise SourceError("an entry that is not valid base64") from None


def _vector(data: bytes, at: int) -> bytes:
    """Return an ASN.1Cert: its length in three bytes, then so many."""
    high, low = struct.unpack_from(">BH", data, at)
    vector = data[at + 3 : at + 3 + (high << 16) + low]
    if len(vector) != (high << 16) + low:
        raise SourceError("a certificate that is cut off")
    return vector
