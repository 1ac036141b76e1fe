from collections import defaultdict
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cautery.graph import cluster
from cautery.graph.constraints import Ruled, agreeing
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


def of(networks):
    return {member.host: one.id for one in networks for member in one.members}


def test_people_join_and_part_networks_and_each_member_says_who_did():
    links, _ = planted(0)
    found = of(cluster(links))
    assert found["h0.n0.example"] != found["h0.n1.example"]
    joined = cluster(links, ruled=[Ruled("h0.n0.example", "h0.n1.example", True, "A. Analyst")])
    assert of(joined)["h7.n0.example"] == of(joined)["h7.n1.example"]
    (network,) = (one for one in joined if "h0.n0.example" in {m.host for m in one.members})
    (member,) = (m for m in network.members if m.host == "h0.n0.example")
    assert say(member.why[0]) == "A. Analyst says that it is run by whoever runs h0.n1.example"
    assert max(m.probability for m in network.members) <= 0.99
    parted = cluster(links, ruled=[Ruled("h0.n0.example", "h9.n0.example", False, "B. Analyst")])
    assert of(parted)["h0.n0.example"] != of(parted)["h9.n0.example"]
    assert cluster(links, ruled=[Ruled("h0.n0.example", "nowhere.example", True, "A")]) == cluster(
        links
    )


def test_a_host_that_nothing_ties_is_joined_and_stays_apart_from_whom_it_must():
    links, _ = planted(0)
    links.append(link("alone.example", "registrar", "big-registrar"))
    links.append(link("other.example", "registrar", "big-registrar"))
    near, far = "h0.n0.example", "h9.n0.example"
    assert of(cluster(links))[near] == of(cluster(links))[far]
    joined = of(cluster(links, ruled=[Ruled("alone.example", near, True, "A")]))
    assert joined["alone.example"] == joined[far]
    both = of(cluster(links, ruled=[Ruled("alone.example", "other.example", True, "A")]))
    assert both["alone.example"] == both["other.example"] != both[near]
    apart = of(
        cluster(
            links,
            ruled=[
                Ruled("alone.example", near, True, "A"),
                Ruled("alone.example", far, False, "A"),
            ],
        )
    )
    assert apart["alone.example"] == apart[near] != apart[far]


@given(
    st.lists(
        st.tuples(st.sampled_from("abcde"), st.sampled_from("abcde"), st.booleans()), max_size=14
    )
)
def test_words_that_agree_can_all_be_kept_and_no_other_could_be_added(words):
    words = [(a, b, same) for a, b, same in words if a != b]
    agree = agreeing(words)

    def possible(kept):
        label = {one: one for one in "abcde"}
        for a, b, same in kept:
            if same:
                label = {one: label[a] if it == label[b] else it for one, it in label.items()}
        return all(label[a] != label[b] for a, b, same in kept if not same)

    kept = []
    for word, agrees in zip(words, agree, strict=True):
        assert possible([*kept, word]) == agrees
        kept += [word] * agrees


def test_contradictions_and_floods_of_words_end_nothing():
    links = [link(f"h{number}.example", "certificate", "one-key") for number in range(4)]
    words = [Ruled("h0.example", "h1.example", number % 2 == 0, "A") for number in range(2_000)]
    assert len(of(cluster(links, ruled=words))) == 4
    first = of(cluster(links, ruled=[Ruled("h0.example", "h1.example", False, "A"), *words]))
    assert first["h0.example"] != first["h1.example"]
