"""Names in a response policy zone of BIND, changed record by record.

Reaches: named, by dynamic update (RFC 2136) and zone transfer (RFC 5936), both with TSIG
(RFC 8945), over TCP. The zone is the agent's own: it adds and takes away records `CNAME .` and
leaves records of other types alone. named looks through its whole zone after each message of some
thousand names; :mod:`cautery_provider.drivers.bind_file` is for long lists.
"""

from __future__ import annotations

import contextlib
import re
import socket
import struct
from collections.abc import Container, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import dns.exception
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.tsig
import dns.update
import dns.xfr
import dns.zone

from cautery_provider.blocks import Block, Refusal
from cautery_provider.drivers import DriverError
from cautery_provider.drivers.rpz import MOST_TTL_S, TTL_S, fitting
from cautery_provider.files import whole

_KEY = re.compile(
    r'^\s*key\s+"?([\w.-]+)"?\s*\{\s*algorithm\s+"?([\w.-]+)"?\s*;\s*secret\s+"([A-Za-z0-9+/=]+)"\s*;'
    r"\s*\}\s*;\s*$"
)
_MESSAGE_BYTES = 64_000  # a message holds 64 KiB, with its key and signature
_BELOW_ZONE = b"\xc0\x0c"  # the zone's name, at byte 12 of each update (RFC 1035, 4.1.4)
_LIMIT_S = 20.0
_TRANSFER_S = 120.0  # a hundred thousand names take a busy machine half a minute


def read_key(path: Path) -> dns.tsig.Key:
    """Read a key as `tsig-keygen` writes it.

    Raises
    ------
    ValueError
        If the file holds anything else.
    """
    match = _KEY.match(whole(path, 1 << 16).decode("ascii"))
    if not match:
        raise ValueError(f"{path}: want one key as tsig-keygen writes it")
    return dns.tsig.Key(match[1], match[3], match[2])


class Bind:
    """A zone of its own in BIND."""

    levers = frozenset({"name"})

    def __init__(
        self, *, zone: str, key: dns.tsig.Key, server: str, port: int = 53, ttl_s: int = TTL_S
    ) -> None:
        self.name = f"bind {zone}"
        self._zone = zone
        self._key = key
        self._server = server
        self._port = port
        self._ttl_s = min(ttl_s, MOST_TTL_S)
        self._standing: set[str] | None = None
        self._serial: int | None = None
        self._look = False

    def apply(self, entries: Sequence[Block], at: datetime) -> list[Refusal]:
        """Add the names that are missing, and take away those that have ended."""
        del at
        names, refused = fitting(entries, self._zone)
        if self._look and self._standing is not None and self._serial != self._serial_now():
            self._standing = None  # somebody else changed the zone
        standing = self._read() if self._standing is None else self._standing
        self._standing, self._look = None, False  # until the change is known to have worked
        changes = sorted(standing - names) + sorted(names - standing)  # what goes, goes first
        if changes:
            with self._connected() as connection:
                for update in self._updates(changes, names):
                    self._send(update, connection)
        if changes or self._serial is None:
            self._serial = self._serial_now()
        self._standing = names
        return refused

    def forget(self) -> None:
        """Compare the zone's serial with the next pass; transfer the zone if it is another."""
        self._look = True

    def check(self) -> list[str]:
        """Say whether the zone can be transferred and an empty update is taken."""
        try:
            self._read()
            self._send(dns.update.UpdateMessage(self._zone, keyring=self._key))
        except DriverError as error:
            return [str(error)]
        return []

    def _updates(
        self, changes: Sequence[str], names: Container[str]
    ) -> Iterator[dns.update.UpdateMessage]:
        """Yield messages that add each change that is among the names, and delete the others."""
        rows, count = bytearray(), 0
        for name in changes:
            row = _row(name, self._ttl_s if name in names else None)
            if len(rows) + len(row) > _MESSAGE_BYTES:
                yield self._update(bytes(rows), count)
                rows, count = bytearray(), 0
            rows += row
            count += 1
        yield self._update(bytes(rows), count)

    def _update(self, rows: bytes, count: int) -> dns.update.UpdateMessage:
        update = dns.update.UpdateMessage(self._zone, keyring=self._key)
        update.update.append(_Rows(rows, count))  # type: ignore[arg-type]
        return update

    def _read(self) -> set[str]:
        zone = dns.zone.Zone(self._zone)
        query, _ = dns.xfr.make_query(zone, keyring=self._key)
        try:
            dns.query.inbound_xfr(
                self._server, zone, query, port=self._port, timeout=_LIMIT_S, lifetime=_TRANSFER_S
            )
        except (OSError, EOFError, dns.exception.DNSException) as error:
            raise DriverError(f"{self.name}: no transfer of the zone: {error!r:.200}") from error
        rows = zone.iterate_rdatas(dns.rdatatype.CNAME)
        return {str(name).lower() for name, _, data in rows if data.to_text() == "."}

    def _serial_now(self) -> int:
        query = dns.message.make_query(self._zone, "SOA")
        query.use_tsig(self._key)
        answer = self._send(query)
        for rrset in answer.answer:
            for data in rrset:
                if data.rdtype == dns.rdatatype.SOA:
                    return int(data.serial)
        raise DriverError(f"{self.name}: the server has no such zone")

    @contextlib.contextmanager
    def _connected(self) -> Iterator[socket.socket]:
        """Yield a connection for messages that follow each other."""
        try:
            connection = socket.create_connection((self._server, self._port), _LIMIT_S)
        except OSError as error:
            raise DriverError(f"{self.name}: no answer: {error!r:.200}") from error
        with connection:
            connection.setblocking(False)  # as dnspython wants it
            yield connection

    def _send(
        self, message: dns.message.Message, connection: socket.socket | None = None
    ) -> dns.message.Message:
        try:
            answer = dns.query.tcp(
                message, self._server, port=self._port, timeout=_LIMIT_S, sock=connection
            )
        except (OSError, EOFError, dns.exception.DNSException) as error:
            raise DriverError(f"{self.name}: no answer: {error!r:.200}") from error
        if answer.rcode() != dns.rcode.NOERROR:
            raise DriverError(f"{self.name}: {dns.rcode.to_text(answer.rcode())}")
        return answer


class _Rows:
    """Many records as bytes: to make objects of a hundred thousand takes dnspython ten seconds.

    A message asks its sets of records for nothing else than this.
    """

    def __init__(self, rows: bytes, count: int) -> None:
        self._rows, self._count = rows, count

    def to_wire(self, file: Any, *_: Any, **__: Any) -> int:
        """Write the records."""
        file.write(self._rows)
        return self._count


def _row(name: str, ttl_s: int | None) -> bytes:
    """Return a record `CNAME .` to add, or without a TTL the wish to delete it (RFC 2136, 2.5)."""
    labels = name.encode("ascii").split(b".")
    owner = b"".join(bytes((len(label),)) + label for label in labels) + _BELOW_ZONE
    if ttl_s is None:
        return owner + struct.pack("!HHIH", dns.rdatatype.CNAME, dns.rdataclass.ANY, 0, 0)
    data = b"\0"  # the root
    return owner + struct.pack("!HHIH", dns.rdatatype.CNAME, dns.rdataclass.IN, ttl_s, 1) + data
