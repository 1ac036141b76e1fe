"""Names resolved against a small server on loopback."""

import asyncio
from contextlib import asynccontextmanager

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from cautery.adapters.dns import DnsNames
from cautery.errors import InputError, SourceError

pytestmark = pytest.mark.enable_socket
ZONE = {
    ("a.example.", "A"): [("a.example.", 60, "A", ("127.0.0.3", "127.0.0.2"))],
    ("a.example.", "AAAA"): [("a.example.", 30, "AAAA", ("2606:4700::1",))],
    ("www.example.", "A"): [("www.example.", 60, "CNAME", ("edge.example.",)),
                            ("edge.example.", 5, "A", ("127.0.0.9",))],
    ("www.example.", "AAAA"): [("www.example.", 60, "CNAME", ("edge.example.",))],
    ("far.example.", "A"): [("far.example.", 60, "CNAME", ("a.example.",))],
    ("far.example.", "AAAA"): [("far.example.", 60, "CNAME", ("a.example.",))],
    ("x.example.", "A"): [("x.example.", 60, "CNAME", ("y.example.",))],
    ("x.example.", "AAAA"): [("x.example.", 60, "CNAME", ("y.example.",))],
    ("y.example.", "A"): [("y.example.", 60, "CNAME", ("x.example.",))],
    ("y.example.", "AAAA"): [("y.example.", 60, "CNAME", ("x.example.",))],
    ("empty.example.", "A"): [],
    ("empty.example.", "AAAA"): [],
}  # fmt: skip


class Server(asyncio.DatagramProtocol):
    def __init__(self):
        self.asked = []

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, address):
        query = dns.message.from_wire(data)
        [question] = query.question
        name, kind = question.name.to_text(), dns.rdatatype.to_text(question.rdtype)
        self.asked.append((name, kind))
        if name == "slow.example.":
            return
        if name == "garbage.example.":
            self.transport.sendto(b"\xff" * 40, address)
            return
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.RA
        if (name, kind) not in ZONE:
            reply.set_rcode(dns.rcode.NXDOMAIN)
        for owner, ttl, of, values in ZONE.get((name, kind), []):
            reply.answer.append(dns.rrset.from_text(owner, ttl, "IN", of, *values))
        self.transport.sendto(reply.to_wire(), address)


@asynccontextmanager
async def names(**settings):
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(Server, local_addr=("127.0.0.1", 0))
    try:
        port = transport.get_extra_info("sockname")[1]
        yield DnsNames(f"127.0.0.1:{port}", timeout_s=0.6, **settings), server
    finally:
        transport.close()


async def test_a_name_has_its_a_and_aaaa_addresses_sorted():
    async with names() as (resolver, _):
        assert await resolver.resolve("A.example.") == ("127.0.0.2", "127.0.0.3", "2606:4700::1")


async def test_an_address_resolves_to_itself_without_a_question():
    async with names() as (resolver, server):
        assert await resolver.resolve("127.1") == ("127.0.0.1",)
    assert server.asked == []


async def test_aliases_are_followed_and_told():
    async with names() as (resolver, _):
        found = await resolver.look_up("www.example")
    assert (found.aliases, found.addresses) == (("edge.example",), ("127.0.0.9",))


async def test_an_alias_without_its_address_is_asked_for_anew():
    async with names() as (resolver, _):
        assert "127.0.0.2" in await resolver.resolve("far.example")


async def test_an_answer_is_kept_for_its_ttl_and_no_longer():
    now = [0.0]
    async with names(time_s=lambda: now[0]) as (resolver, server):
        await resolver.resolve("www.example")
        now[0] = 4.9
        await resolver.resolve("www.example")
        kept = len(server.asked)
        now[0] = 5.1
        await resolver.resolve("www.example")
    assert (kept, len(server.asked)) == (2, 4)


@pytest.mark.parametrize(
    ("host", "why"),
    [("none.example", "the name does not exist"), ("empty.example", "has no address"),
     ("x.example", "circle"), ("slow.example", "does not answer"), ("garbage.example", ""),
     ("localhost", "the name does not exist"), ("a" * 70 + ".example", ""), ("a..example", "")],
)  # fmt: skip
async def test_a_name_that_leads_nowhere_is_a_source_error_that_names_it(host, why):
    async with names() as (resolver, _):
        with pytest.raises(SourceError, match=rf"{host}.*{why}"):
            await resolver.resolve(host)


@pytest.mark.parametrize("where", ["nowhere", "127.0.0.1:0", "127.0.0.1:x", "[::1"])
def test_a_resolver_that_is_no_address_is_the_callers_mistake(where):
    with pytest.raises(InputError):
        DnsNames(where)
