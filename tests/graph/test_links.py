from datetime import UTC, datetime

import pytest

from cautery.graph import HostFacts, cluster, links_of, shared_marks, supply_graph
from cautery.graph.name_servers import strangers_servers
from cautery.messages import message
from cautery.model import CertificateFacts, Registration, Role, SharedFact
from cautery.model.message import as_written

NOW = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)


def certificate(host, *, self_signed=True, subject="CN=localhost", names=()):
    return CertificateFacts(
        host=host,
        address="192.0.2.1",
        sha256="c",
        spki_sha256="k",
        subject=subject,
        issuer=subject,
        names=names,
        not_before=NOW,
        not_after=NOW,
        self_signed=self_signed,
        seen_at=NOW,
    )


def facts(host, **more):
    return HostFacts(host=host, first_seen=NOW, last_seen=NOW, source="test", **more)


def kinds(links):
    return [link.kind for link in links]


def test_each_value_of_a_host_becomes_a_dated_link():
    links = links_of(
        facts("a.example", addresses=("192.0.2.1",), payments=("w",), panels=("p.example",))
    )
    assert kinds(links) == ["address", "panel", "payment"]
    assert {link.first_seen for link in links} == {NOW}


def test_a_privacy_proxy_is_no_registrant():
    def registered(name):
        return Registration(
            domain="a.example",
            registrar="R",
            created=None,
            changed=None,
            nameservers=(),
            registrant=name,
            seen_at=NOW,
        )

    assert "registrant" in kinds(links_of(facts("a.example", registration=registered("hash-1"))))
    assert "registrant" not in kinds(
        links_of(facts("a.example", registration=registered("REDACTED FOR PRIVACY")))
    )


def test_a_self_signed_certificate_for_localhost_is_a_products_default():
    hosts = [facts(f"{one}.example", certificate=certificate(f"{one}.example")) for one in "ab"]
    assert shared_marks(hosts)["certificate", "k"].id == "shared.default-certificate"


def test_a_certificate_that_names_its_hosts_is_no_default():
    hosts = [
        facts(
            f"{one}.pirate.example",
            certificate=certificate(f"{one}.pirate.example", names=("*.pirate.example",)),
        )
        for one in "abcd"
    ]
    assert shared_marks(hosts) == {}


def test_a_shared_fronts_certificate_joins_nobody_and_a_customers_own_does():
    def fronted(*names):
        shown = certificate("a.pirate.example", self_signed=False, names=names)
        return facts(
            "a.pirate.example",
            addresses=("192.0.2.1",),
            shared_addresses=("192.0.2.1",),
            certificate=shown,
        )

    front = shared_marks([fronted("a.pirate.example", "hospital.example")])
    assert front["certificate", "k"] == message("shared.front")
    assert shared_marks([fronted("*.pirate.example")]) == {}


def test_an_address_in_a_shared_range_is_marked():
    shared = SharedFact(cidr="192.0.2.0/24", provider="bigcdn", kind="cdn")
    one = facts(
        "a.example", addresses=("192.0.2.1",), shared=(shared,), shared_addresses=("192.0.2.1",)
    )
    reason = message("shared.range", providers=("bigcdn",))
    assert shared_marks([one]) == {("address", "192.0.2.1"): reason}


def test_the_supply_graph_tells_who_lists_sells_is_paid_and_where_it_resolves():
    graph = supply_graph(
        [
            facts("edge.example", addresses=("192.0.2.1",), panels=("panel.example",)),
            facts("panel.example", addresses=("192.0.2.8",)),
            facts("shop.example", payments=("wallet",), panels=("panel.example",)),
        ],
        countries={"192.0.2.1": "NL", "192.0.2.8": "FR"},
        roles={"edge.example": (Role.EDGE,)},
        sells=[("shop.example", "panel.example")],
        shared={("address", "192.0.2.1"): as_written("CDN")},
    )
    relations = {(one.source, one.relation, one.target) for one in graph.edges}
    assert relations == {
        ("host:edge.example", "resolves-to", "address:192.0.2.1"),
        ("host:panel.example", "lists", "host:edge.example"),
        ("host:panel.example", "resolves-to", "address:192.0.2.8"),
        ("host:shop.example", "pays", "payment:wallet"),
        ("host:shop.example", "sells", "host:panel.example"),
    }
    by_id = {asset.id: asset for asset in graph.assets}
    assert (by_id["host:edge.example"].role, by_id["host:edge.example"].country) == (
        Role.EDGE,
        "NL",
    )
    panel = by_id["host:panel.example"]
    assert (panel.role, panel.country) == (Role.PANEL, "FR")  # also if an edge names it first
    assert by_id["host:shop.example"].role is Role.STOREFRONT
    assert by_id["address:192.0.2.1"].role is Role.SHARED


def served_by(host, *servers, registrant=None, registrar="R"):
    return facts(
        host,
        registration=Registration(
            domain=host, registrar=registrar, registrant=registrant, nameservers=servers, created=None,
            changed=None, seen_at=NOW,
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("zone", "registrants"),
    [("reg.example", ("a", "b", None)), ("domaincontrol.com", (None, None, None))],
)
def test_customers_of_one_registrar_are_no_network(zone, registrants):
    servers = (f"ns1.{zone}", f"ns2.{zone}")
    hosts = [
        served_by(f"{name}.example", *servers, registrant=owner)
        for name, owner in zip("abc", registrants, strict=True)
    ]
    marks = shared_marks(hosts)
    assert {value for kind, value in marks if kind == "nameserver"} == set(servers)
    links = [link for one in hosts for link in links_of(one)]
    assert len(cluster(links, shared=marks)) == 3
    assert len(cluster(links)) == 1


@pytest.mark.parametrize(
    ("registrar", "zone", "network"),
    [
        ("Namewharf", "namewharf-dns.example", False),
        ("Domain Quay Ltd.", "domainquay.example", False),
        ("Domain Quay Ltd.", "domain-pirates.example", True),
        ("Own", "own-dns.example", True),  # too short to be no chance
    ],
)
def test_servers_named_for_a_registrar_of_one_host_tie_nobody(registrar, zone, network):
    """Hosts of other registrars, with hidden registrants, were a network by these alone."""
    servers = (f"ns1.{zone}", f"ns2.{zone}")
    hosts = [
        served_by("a.example", *servers, registrar=registrar),
        served_by("b.example", *servers, registrar="Hosthaven Names"),
        served_by("c.example", *servers, registrar="Hosthaven Names"),
    ]
    links = [link for one in hosts for link in links_of(one)]
    assert len(cluster(links, shared=shared_marks(hosts))) == (1 if network else 3)


def test_hidden_registrants_behind_servers_that_nobody_knows_are_a_network():
    hosts = [served_by(f"{name}.example", "ns1.own.example", "ns2.own.example") for name in "abc"]
    assert not shared_marks(hosts)
    assert len(cluster([link for one in hosts for link in links_of(one)])) == 1


@pytest.mark.parametrize(
    ("server", "own"),
    [
        ("ns1.domaincontrol.com", False),
        ("kim.ns.cloudflare.com", False),
        ("ns-5.awsdns-07.net", False),
        ("NS1.Pirate.Example.", True),
        ("ns1.other.example", True),
        ("ns1.two.example", False),
    ],
)
def test_a_name_server_ties_unless_it_is_strangers(server, own):
    hosts = [
        served_by("panel.pirate.example", server, "ns1.pirate.example", registrant="x"),
        served_by("b.example", "ns1.two.example", "ns1.pirate.example", registrant="y"),
        served_by("c.example", "ns1.two.example", registrant="z"),
    ]
    links = [link for one in hosts for link in links_of(one)]
    assert (server not in strangers_servers(links)) is own
    assert "ns1.pirate.example" not in strangers_servers(links)
