r"""Transactions as a web archive that any public tool can check, and back.

Examples
--------
>>> from datetime import UTC, datetime
>>> from cautery.model import Exchange
>>> noon = datetime(2026, 11, 24, 12, tzinfo=UTC)
>>> one = Exchange(url="http://a.example/l", method="GET", target="/l",
...     request_headers=(("Host", "a.example"),), status=200, reason="OK", headers=(),
...     payload=b"#EXTM3U\n", asked_at=noon, answered_at=noon, address="192.0.2.1")
>>> [kept] = read_warc(write_warc([one], about={}))
>>> kept.body
b'#EXTM3U\n'

Notes
-----
ISO 28500:2017 (WARC 1.1). Digests are SHA-256 in hexadecimal, as everywhere in Cautery; ``warcio
check`` reads them. Records are not packed, so a digest of the file is a digest of what it says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from warcio.archiveiterator import ArchiveIterator
from warcio.bufferedreaders import BufferedReader
from warcio.exceptions import ArchiveLoadFailed
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from cautery.errors import EvidenceError
from cautery.model import Digest, Exchange, digest_of, iso
from cautery.packed import ALWAYS_BYTES, MOST_TIMES

MEDIA_TYPE = "application/warc"
VERSION = "WARC/1.1"
SAME_PAYLOAD = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
_CODINGS = ("gzip", "deflate")
_UNDONE = "X-Archive-Orig-"
"""Before the name of a header that no longer holds, as archives write it (pywb, warcprox)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """Where a payload was kept first, so that it need not be kept twice."""

    url: str
    at: datetime
    digest: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Archived:
    """One answer as an archive holds it; ``body`` is unpacked, ``None`` of a revisit."""

    url: str
    at: datetime
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes | None

    def header(self, name: str) -> str | None:
        """Return the first header of that name, any case."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


def write_warc(
    exchanges: Iterable[Exchange],
    *,
    about: Mapping[str, str],
    earlier: Mapping[int, Earlier] | None = None,
    digests: Sequence[Digest] | None = None,
) -> bytes:
    """Return an archive of a request and a response record for each exchange.

    Parameters
    ----------
    about : mapping of str to str
        What the opening record says beside the format: who, by which software, what was hidden.
    earlier : mapping of int to Earlier
        By the place of an exchange: its payload was kept before, so a revisit record refers to it.
    digests : sequence of Digest, optional
        Of the payloads, where they are known already.
    """
    out = BytesIO()
    writer = WARCWriter(out, gzip=False, warc_version=VERSION)
    ordered = list(exchanges)
    if ordered:
        _info(writer, about, ordered[0].asked_at)
    for place, exchange in enumerate(ordered):
        payload = digest_of(exchange.payload) if digests is None else digests[place]
        _pair(writer, exchange, (earlier or {}).get(place), place, payload)
    return out.getvalue()


def read_warc(data: bytes) -> Iterator[Archived]:
    """Yield the answers of an archive in order, their digests checked.

    Raises
    ------
    EvidenceError
        If it is no archive, a digest does not hold, or its payloads unpack to far more than
        its size.
    """
    if not data.startswith(b"WARC/"):  # a packed archive would be unpacked without a bound
        raise EvidenceError("the archive cannot be read: it does not begin with WARC/")
    left = max(ALWAYS_BYTES, MOST_TIMES * len(data))
    try:
        for record in ArchiveIterator(BytesIO(data), check_digests="raise"):
            if record.rec_type not in ("response", "revisit") or record.http_headers is None:
                continue
            headers = record.rec_headers
            body = None
            if record.rec_type == "response":
                body = _body(record, most=min(left, max(ALWAYS_BYTES, len(data))))
                left -= len(body)
            yield Archived(
                url=headers.get_header("WARC-Target-URI"),
                at=datetime.fromisoformat(headers.get_header("WARC-Date")),
                status=int(record.http_headers.get_statuscode()),
                headers=tuple(record.http_headers.headers),
                body=body,
            )
    except (ArchiveLoadFailed, ValueError, TypeError, EOFError, AttributeError) as error:
        raise EvidenceError(f"the archive cannot be read: {error}"[:300]) from error


def _body(record: Any, *, most: int) -> bytes:
    """Return an answer's body, unpacked.

    warcio's own reader of bodies would unpack a chunk of any size at once; a payload in chunks is
    never kept as one.
    """
    coding = (record.http_headers.get_header("Content-Encoding") or "").lower()
    stream = BufferedReader(record.raw_stream, decomp_type=coding if coding in _CODINGS else None)
    body: bytes = stream.read(most + 1)
    if len(body) > most:
        raise EvidenceError(f"the archive cannot be read: a payload unpacks to over {most:,} bytes")
    return body


def _info(writer: Any, about: Mapping[str, str], at: datetime) -> None:
    lines = {"format": "WARC File Format 1.1", **about}
    block = "".join(f"{name}: {' '.join(value.split())}\r\n" for name, value in lines.items())
    body = block.encode()
    headers = _headers("warcinfo", None, at, body, salt=str(digest_of(body)))
    headers["Content-Type"] = "application/warc-fields"
    writer.write_record(
        writer.create_warc_record(
            "", "warcinfo", payload=BytesIO(body), length=len(body), warc_headers_dict=headers
        )
    )


def _pair(
    writer: Any, exchange: Exchange, earlier: Earlier | None, place: int, payload: Digest
) -> None:
    kind, body = ("response", exchange.payload) if earlier is None else ("revisit", b"")
    head = _AsSent(
        f"{exchange.protocol} {exchange.status} {exchange.reason}".rstrip(),
        _as_kept(exchange.headers),
        "latin-1",
    )
    headers = _headers(
        kind, exchange.url, exchange.asked_at, head.block + body, salt=f"{payload} {place}"
    )
    headers |= {"WARC-IP-Address": exchange.address}
    if exchange.vantage is not None:
        headers["Cautery-Vantage"] = " ".join(exchange.vantage.split())
    if exchange.certificate is not None:
        why = exchange.certificate.unverified
        headers["Cautery-Certificate"] = f"sha256:{exchange.certificate.sha256}; " + (
            "verified" if why is None else f"not verified: {' '.join(why.split())}"
        )
    if exchange.cut is not None:
        headers["WARC-Truncated"] = exchange.cut
    if earlier is None:
        headers["WARC-Payload-Digest"] = str(payload)
    else:
        headers["WARC-Profile"] = NOT_MODIFIED if exchange.status == 304 else SAME_PAYLOAD
        headers["WARC-Refers-To-Target-URI"] = earlier.url
        headers["WARC-Refers-To-Date"] = iso(earlier.at)
        headers["WARC-Payload-Digest"] = str(earlier.digest)
    _write(writer, kind, headers, head, body)
    request_head = _AsSent(
        f"{exchange.method} {exchange.target} HTTP/1.1", exchange.request_headers, "utf-8"
    )
    request = _headers(
        "request",
        exchange.url,
        exchange.asked_at,
        request_head.block + exchange.request_body,
        salt=f"{payload} {place}",
    )
    request["WARC-Concurrent-To"] = headers["WARC-Record-ID"]
    if exchange.request_body:
        request["WARC-Payload-Digest"] = str(digest_of(exchange.request_body))
    _write(writer, "request", request, request_head, exchange.request_body)


def _write(writer: Any, kind: str, headers: dict[str, str], head: _AsSent, payload: bytes) -> None:
    writer.write_record(
        writer.create_warc_record(
            headers["WARC-Target-URI"],
            kind,
            payload=BytesIO(payload) if payload else None,
            length=len(payload),
            warc_headers_dict=headers,
            http_headers=head,
        )
    )


def _headers(
    kind: str, url: str | None, at: datetime, block: bytes, *, salt: str
) -> dict[str, str]:
    """Return a record's own headers; its id follows from what it says, so none is made twice."""
    name = uuid5(NAMESPACE_URL, f"{kind} {iso(at)} {url} {salt}")
    headers = {"WARC-Type": kind, "WARC-Record-ID": f"<urn:uuid:{name}>", "WARC-Date": iso(at)}
    if url is not None:
        headers["WARC-Target-URI"] = url
    headers["WARC-Block-Digest"] = str(digest_of(block))
    return headers


def _as_kept(headers: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Return headers as received; what the payload no longer is, is said to have been."""
    return tuple(
        (_UNDONE + name if name.lower() == "transfer-encoding" else name, value)
        for name, value in headers
    )


class _AsSent(StatusAndHeaders):  # type: ignore[misc]
    """Headers whose bytes are what was on the wire: warcio would spell them anew."""

    def __init__(self, line: str, headers: tuple[tuple[str, str], ...], encoding: str) -> None:
        protocol, _, remainder = line.partition(" ")
        super().__init__(remainder, list(headers), protocol=protocol)
        lines = [line, *(f"{name}: {value}" for name, value in headers)]
        self.block = ("\r\n".join(lines) + "\r\n\r\n").encode(encoding, "replace")

    def compute_headers_buffer(self, header_filter: object = None) -> None:  # noqa: ARG002 - the signature is warcio's
        self.headers_buff = self.block
