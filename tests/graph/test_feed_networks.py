"""Networks whose names and keys say nothing: the feed that their services carry holds them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from cautery.graph import HostFacts, cluster, links_of, shared_marks
from cautery.graph.faults import Carried, fault_links
from cautery.graph.observations import one_each
from cautery.model import CertificateFacts, Fault, FaultKind, Registration

NOON = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
AT = NOON.timestamp()
SERVICES, STRANGERS = 5, 8
BY_SOUND_S = 0.006


def bland(host: str, number: int) -> HostFacts:
    """What strangers share: a product's certificate, a registrar with its servers, a hoster."""
    return HostFacts(
        host=host,
        first_seen=NOON,
        last_seen=NOON,
        source="test",
        addresses=(f"192.0.2.{number}",),
        asn=64500,
        certificate=CertificateFacts(
            host=host, address=f"192.0.2.{number}", sha256="c", spki_sha256="of the product",
            subject="CN=middleware.localdomain", issuer="CN=middleware.localdomain",
            names=("middleware.localdomain",), not_before=NOON, not_after=NOON, self_signed=True,
            seen_at=NOON,
        ),
        registration=Registration(
            domain=host, registrar="Namewharf", created=None, changed=None,
            nameservers=("ns1.namewharf-dns.example", "ns2.namewharf-dns.example"),
            registrant="REDACTED FOR PRIVACY", seen_at=NOON,
        ),
    )  # fmt: skip


def shown(host: str, number: int, delay_s: float, freeze_s: float, rng) -> list[Carried]:
    """Four looks at a stream: its stamps each time, and once a freeze."""
    looks = [
        (Fault(kind=FaultKind.DELAY, reference="event", at_s=AT + delay_s + off_s), look)
        for look, off_s in enumerate(rng.normal(0, BY_SOUND_S, 4))
    ]
    frozen = Fault(
        kind=FaultKind.FREEZE, reference="event", at_s=AT + freeze_s + rng.normal(0, 0.02),
        seconds=2.4,
    )  # fmt: skip
    return [
        Carried(
            host=host, server=host, stream=f"http://{host}/1", fault=fault,
            at=NOON + timedelta(seconds=12 * look), record=10 * number + look,
        )
        for fault, look in (*looks, (frozen, 1))
    ]  # fmt: skip


def grouped(seed: int, *, feeds: bool) -> list[set[str]]:
    """Cluster three networks of five services and eight strangers, all of one software."""
    rng = np.random.default_rng(seed)
    delays_s = rng.permutation(np.arange(5, 180, 3.1))
    facts, carried = [], []
    for number in range(3 * SERVICES + STRANGERS):
        network = number // SERVICES if number < 3 * SERVICES else None
        host = f"s{number}.example"
        facts.append(bland(host, number))
        feed = number if network is None else 30 + network
        if feeds:
            delay_s = float(delays_s[feed])
            carried += shown(host, number, delay_s, delay_s + 7.7, rng)
    marks = shared_marks(facts)
    links = [link for one in facts for link in links_of(one)]
    links += fault_links(carried, source="test")
    found = cluster(one_each(links, apart=marks), shared=marks)
    return [{member.host for member in one.members} for one in found if len(one.members) > 1]


@pytest.mark.parametrize("seed", range(4))
def test_services_of_one_feed_are_one_network_though_nothing_else_tells_them_apart(seed):
    networks = [{f"s{SERVICES * n + k}.example" for k in range(SERVICES)} for n in range(3)]
    assert sorted(grouped(seed, feeds=True), key=min) == sorted(networks, key=min)


def test_strangers_with_the_same_software_registrar_and_hoster_are_no_network():
    assert grouped(0, feeds=False) == []
