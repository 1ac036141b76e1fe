"""Answers DNS over UDP for the names of a world; everything else does not exist."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import cast

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset


class DnsServer(asyncio.DatagramProtocol):
    """One UDP endpoint; ``names`` maps lower-case hosts to addresses."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer one question; what is no question is dropped."""
        answer = answer_to(data, self._names)
        if answer is not None and self._transport is not None:
            self._transport.sendto(answer, addr)


def answer_to(data: bytes, names: Mapping[str, str]) -> bytes | None:
    """Return the wire answer to a wire query, or nothing if it is not valid (RFC 1035)."""
    try:
        query = dns.message.from_wire(data)
    except (dns.exception.DNSException, ValueError):
        return None
    if query.flags & dns.flags.QR or len(query.question) != 1:
        return None
    question = query.question[0]
    reply = dns.message.make_response(query, recursion_available=True)
    reply.flags |= dns.flags.AA
    host = question.name.to_text(omit_final_dot=True).lower()
    address = names.get(host)
    if address is None:
        reply.set_rcode(dns.rcode.NXDOMAIN)
    elif question.rdtype == dns.rdatatype.A:
        reply.answer.append(dns.rrset.from_text(question.name, 20, question.rdclass, "A", address))
    return reply.to_wire()
