from collections import defaultdict
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from cautery.graph import cluster
from cautery.messages import say
from cautery.model import Link
from cautery.model.message import as_written

NOW = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)


def link(host, kind, value, first=NOW, last=NOW):
    return Link(subject=host, kind=kind, value=value, first_seen=first, last_seen=last, source="t")


def planted(seed, networks=3, hosts=14, strangers=10):
    """Networks that share keys, trackers and payments, and the traps around them."""
    rng = np.random.default_rng(seed)
    links, truth = [], {}
    for network in range(networks):
        for number in range(hosts):
            host = f"h{number}.n{network}.example"
            truth[host] = network
            links.append(link(host, "certificate", f"key-{network}-{number // 5}"))
            links.append(link(host, "panel", f"panel-{network}-{rng.integers(2)}"))
            links.append(link(host, "address", f"198.51.{network}.{number // 3}"))
            links.append(link(host, "registrar", "big-registrar"))
            links.append(link(host, "playlist", "http://aggregator.example/all.m3u"))
            if rng.random() < 0.4:
                links.append(link(host, "payment", f"wallet-{network}"))
            if rng.random() < 0.5:
                links.append(link(host, "analytics", f"UA-{network}"))
            if rng.random() < 0.6:
                links.append(link(host, "favicon", "middleware-icon"))
            if rng.random() < 0.5:
                links.append(link(host, "certificate", "middleware-default-key"))
    for number in range(strangers):
        host = f"stranger{number}.example"
        truth[host] = f"alone-{number}"
        links.append(link(host, "address", "cdn-address"))
        links.append(link(host, "favicon", "middleware-icon"))
    links += [
        link(f"h0.n{network}.example", "address", "cdn-address") for network in range(networks)
    ]
    # A false bridge: one copied tracker.
    links.append(link("h3.n1.example", "analytics", "UA-0"))
    # A recycled address: the networks were there a year apart.
    year = timedelta(days=365)
    links.append(link("h5.n0.example", "address", "192.0.2.9", NOW - 2 * year, NOW - year))
    links.append(link("h5.n2.example", "address", "192.0.2.9", NOW - timedelta(days=3), NOW))
    return links, truth


def b_cubed(networks, truth):
    of = {member.host: one.id for one in networks for member in one.members}
    groups, classes = defaultdict(set), defaultdict(set)
    for host, network in truth.items():
        groups[of[host]].add(host)
        classes[network].add(host)
    both = [len(groups[of[host]] & classes[truth[host]]) for host in truth]
    precision = np.mean([b / len(groups[of[h]]) for b, h in zip(both, truth, strict=True)])
    recall = np.mean([b / len(classes[truth[h]]) for b, h in zip(both, truth, strict=True)])
    return 2 * precision * recall / (precision + recall)


@pytest.mark.parametrize("seed", range(6))
def test_planted_networks_are_found_among_the_traps(seed):
    links, truth = planted(seed)
    networks = cluster(
        links, shared={("address", "cdn-address"): as_written("shared range of a CDN")}
    )
    assert b_cubed(networks, truth) >= 0.95


def test_a_shared_address_joins_nobody_when_the_facts_say_so():
    links = [link(f"{name}.example", "address", "cdn") for name in "abc"]
    assert len(cluster(links, shared={("address", "cdn"): as_written("CDN")})) == 3
    assert len(cluster(links)) == 1


def test_a_recycled_address_does_not_join_owners_that_were_never_there_together():
    day = timedelta(days=1)
    links = [
        link("old.example", "address", "192.0.2.1", NOW - 90 * day, NOW - 60 * day),
        link("new.example", "address", "192.0.2.1", NOW - 9 * day, NOW),
    ]
    assert len(cluster(links)) == 2
    together = [link(one.subject, "address", "192.0.2.1") for one in links]
    assert len(cluster(together)) == 1


def test_registrars_and_aggregators_join_nobody():
    links = [
        link(f"{name}.example", kind, "the same")
        for name in "abcd"
        for kind in ("registrar", "playlist", "asn")
    ]
    assert len(cluster(links)) == 4


def test_a_default_key_of_three_established_groups_is_worth_nothing():
    links = []
    for group in "abc":
        for number in range(3):
            host = f"{group}{number}.example"
            links += [
                link(host, "payment", group),
                link(host, "panel", group),
                link(host, "certificate", "default"),
            ]
    assert sorted(len(one.members) for one in cluster(links)) == [3, 3, 3]


def test_a_chain_of_strong_values_stays_one_network():
    links = []
    for number in range(5):
        links.append(link(f"h{number:02}.example", "certificate", f"k{number}"))
        links.append(link(f"h{number + 1:02}.example", "certificate", f"k{number}"))
    assert len(cluster(links)) == 1


def test_each_membership_explains_itself_with_its_log_odds():
    links = [link("a.example", "certificate", "k"), link("b.example", "certificate", "k")]
    (network,) = cluster(links)
    (why,) = network.members[0].why
    assert say(why).startswith("shares certificate k with b.example, log-odds ")
    assert 0.9 < network.members[0].probability < 1


def test_the_result_does_not_depend_on_the_order_of_links():
    links, _ = planted(1)
    shuffled = [links[n] for n in np.random.default_rng(0).permutation(len(links))]
    assert cluster(links, seed=3) == cluster(shuffled, seed=3)


def test_a_network_keeps_its_id_when_it_grows_by_an_earlier_name():
    links = [link("m.example", "payment", "w"), link("n.example", "payment", "w")]
    before = cluster(links)
    grown = [*links, link("a.example", "payment", "w")]
    assert cluster(grown, previous=before)[0].id == before[0].id
    assert cluster(grown)[0].id != before[0].id


def test_every_host_is_in_exactly_one_network():
    links, truth = planted(2)
    hosts = [member.host for one in cluster(links) for member in one.members]
    assert sorted(hosts) == sorted(truth)


def test_no_links_make_no_networks():
    assert cluster([]) == ()
