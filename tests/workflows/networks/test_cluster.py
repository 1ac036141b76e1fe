import time
from collections import Counter
from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from cautery.errors import InputError
from cautery.lab.links import link_world
from cautery.workflows.networks.cluster import cluster_links
from cautery.workflows.networks.constraints import read_constraints
from cautery.workflows.networks.explain import explain
from cautery.workflows.networks.links import Reading, read_links

from .groups_of_links import MANY, NOW, TWO, groups, networks, read_rows, written


@pytest.fixture
def links(tmp_path):
    return written(tmp_path / "links.csv", TWO)


@pytest.fixture
def many(tmp_path):
    return written(tmp_path / "many.csv", MANY)


def test_two_groups_that_share_nothing_are_two_networks(links):
    assert groups(cluster_links(read_links(links, now=NOW))) == ["aaaa", "bbbb"]


def test_parquet_and_csv_say_the_same(links, tmp_path):
    pl.read_csv(links).write_parquet(tmp_path / "links.parquet")
    found = [
        list(cluster_links(read_links(path, now=NOW)).rows())
        for path in (links, tmp_path / "links.parquet")
    ]
    assert found[0] == found[1]


def test_analysts_join_and_part_and_taking_it_back_restores_every_byte(links, tmp_path):
    plain = list(cluster_links(read_links(links, now=NOW)).rows())
    same = written(tmp_path / "c.csv", [("a0.example", "b0.example", "same")], "a,b,relation")
    joined = cluster_links(read_links(links, now=NOW), constraints=read_constraints(same)[0])
    assert groups(joined) == ["aaaabbbb"]
    apart = written(tmp_path / "d.csv", [("a0.example", "a1.example", "not_same")], "a,b,relation")
    parted = cluster_links(read_links(links, now=NOW), constraints=read_constraints(apart)[0])
    assert len(groups(parted)) == 3
    assert list(cluster_links(read_links(links, now=NOW)).rows()) == plain


def test_contradictory_constraints_are_named_by_their_lines(tmp_path):
    rows = [("a", "b", "same"), ("b", "c", "same"), ("c", "a", "not_same")]
    with pytest.raises(InputError, match=r"line 4 says that c and a are not the same.*lines 2, 3"):
        read_constraints(written(tmp_path / "c.csv", rows, "a,b,relation"))


def test_cyclic_constraints_are_told_and_do_no_harm(tmp_path):
    rows = [("a", "b", "same"), ("b", "c", "same"), ("c", "a", "same")]
    kept, odd = read_constraints(written(tmp_path / "c.csv", rows, "a,b,relation"))
    assert len(kept) == 3
    assert odd == ["line 4 follows from lines 2, 3: it adds nothing"]


def test_a_chain_of_constraints_is_read_in_linear_time(tmp_path):
    rows = [(f"s{at}", f"s{at + 1}", "same") for at in range(20_000)]
    rows += [("s0", f"s{at}", "same") for at in range(2, 200)]
    began = time.thread_time()
    _, odd = read_constraints(written(tmp_path / "c.csv", rows, "a,b,relation"))
    assert time.thread_time() - began < 10  # it was a minute
    assert odd[0] == "line 20002 follows from lines 2, 3: it adds nothing"
    assert odd[-1] == "line 20199 follows from earlier lines: it adds nothing"


def test_an_explanation_names_the_shared_values_and_what_parts_them(tmp_path):
    rows = [("x.example", "certificate", "k"), ("y.example", "certificate", "k")]
    found = cluster_links(read_links(written(tmp_path / "l.csv", rows), now=NOW))
    why = explain(found, "x.example", "y.example")
    assert why.together
    assert [tie[:2] for tie in why.shared] == [("certificate", "k")]
    assert why.sentence().endswith("without the shared certificate k they separate")
    with pytest.raises(InputError, match=r"z\.example is in no link"):
        explain(found, "x.example", "z.example")
    with pytest.raises(InputError, match="named twice"):
        explain(found, "x.example", "x.example")


def test_what_an_explanation_says_would_part_two_parts_them(tmp_path):
    """x and y hang together by two values that only one of the others bears, too."""
    rows = [
        *[(f"m{n}.example", "payment", "p") for n in range(6)],
        ("x.example", "payment", "p"),
        ("x.example", "certificate", "k"),
        ("y.example", "certificate", "k"),
        ("y.example", "telegram", "t"),
        ("x.example", "telegram", "t"),
    ]
    found = cluster_links(read_links(written(tmp_path / "l.csv", rows), now=NOW))
    assert explain(found, "x.example", "y.example").parted_by is None
    far = explain(found, "m0.example", "y.example")
    assert far.together
    assert far.parted_by == "payment p"
    assert "are connected by payment p - x.example - " in far.sentence()
    without = written(tmp_path / "m.csv", [row for row in rows if row[2] != "p"])
    left = networks(cluster_links(read_links(without, now=NOW)))
    assert left["x.example"] == left["y.example"]
    assert "m0.example" not in left


@pytest.mark.parametrize("seed", [0, 2])
def test_what_an_explanation_says_of_values_holds_once_their_links_are_left_out(seed):
    table = link_world(100, seed=seed).table  # of 13 and 16 networks
    frame = pl.DataFrame(
        {
            "subject": [table.subjects[one] for one in table.subject],
            "kind": [table.kinds[one] for one in table.kind[table.value]],
            "value": [table.values[one] for one in table.value],
            "first_seen": pl.Series(table.first).fill_nan(None),
            "last_seen": pl.Series(table.last).fill_nan(None),
        }
    )
    found = cluster_links(Reading(frame))
    companions = {}
    for subject, network in networks(found).items():
        companions.setdefault(network, []).append(subject)
    several = [one for one in companions.values() if len(one) > 1]
    rng = np.random.default_rng(seed)
    checked = Counter()
    for group in rng.choice(len(several), 12, replace=False):
        a, b = rng.choice(several[group], 2, replace=False)
        why = explain(found, a, b, links=lambda: frame)
        nothing_parts_them = why.parted_by is None
        checked[nothing_parts_them] += 1
        tried = [" ".join(mark[:2]) for mark in why.shared if mark[2]]
        for value in tried if nothing_parts_them else [why.parted_by]:
            left = frame.filter(pl.concat_str("kind", "value", separator=" ") != value)
            now = networks(cluster_links(Reading(left)))
            assert (now.get(a, a) == now.get(b, b)) is nothing_parts_them
        if min(checked[True], checked[False]) >= 1 and checked.total() >= 4:
            break
    assert set(checked) == {True, False}


def test_an_explanation_names_the_lines_by_which_analysts_joined_or_parted(links, tmp_path):
    reading = read_links(links, now=NOW)
    for word, pair, expected in (
        (
            "same",
            ("a0.example", "b0.example"),
            "to one network because of constraints of the analyst (line 2)",
        ),
        (
            "not_same",
            ("a0.example", "a1.example"),
            "to two networks because of constraints of the analyst",
        ),
    ):
        said = read_constraints(written(tmp_path / "c.csv", [(*pair, word)], "a,b,relation"))[0]
        why = explain(cluster_links(reading, constraints=said), *pair, constraints=said)
        assert expected in why.sentence()
    plain = explain(cluster_links(reading), "a0.example", "b0.example")
    assert plain.sentence() == (
        "a0.example and b0.example belong to two networks: they share no value that joins subjects"
    )


def test_those_who_were_parted_with_others_are_told_the_lines_that_did_it(tmp_path):
    ties = [("x", "certificate", "xy"), ("y", "certificate", "xy")]
    ties += [(name, kind, "yz") for name in "yz" for kind in ("payment", "analytics")]
    found = read_links(written(tmp_path / "l.csv", ties), now=NOW)
    rows = [("x", "z", "not_same"), ("y", "z", "not_same")]
    said = read_constraints(written(tmp_path / "c.csv", rows, "a,b,relation"))[0]
    assert len(set(networks(cluster_links(found)).values())) == 1
    parted = cluster_links(found, constraints=said)
    assert len(set(networks(parted).values())) == 3
    why = explain(parted, "x", "y", constraints=said)
    assert "to two networks because of constraints of the analyst (lines 2, 3)" in why.sentence()


def test_a_recycled_address_joins_nobody(tmp_path):
    rows = [
        ("x.example", "ip", "192.0.2.1", "2025-01-01", "2025-02-01"),
        ("y.example", "ip", "192.0.2.1", "2026-01-01", "2026-02-01"),
    ]
    header = "subject,kind,value,first_seen,last_seen"
    assert (
        len(groups(cluster_links(read_links(written(tmp_path / "l.csv", rows, header), now=NOW))))
        == 2
    )
    together = [(*row[:3], "2025-01-01", "2026-01-01") for row in rows]
    again = read_links(written(tmp_path / "m.csv", together, header), now=NOW)
    assert len(groups(cluster_links(again))) == 1


@pytest.mark.parametrize("kind", ["address", "IPv4-Addr", "ip_address", "a"])
@pytest.mark.parametrize(
    ("months", "networks"),
    [
        ((("01", "02", "03"), ("05", "06", "07")), 2),
        ((("01", "02", "03"), ("01", "02", "03")), 1),
    ],
)
def test_looks_a_month_apart_tell_who_had_an_address_when(tmp_path, kind, months, networks):
    rows = [
        (host, kind, "192.0.2.1", f"2025-{month}-{day}")
        for host, day, seen in zip(("x.example", "y.example"), ("03", "17"), months, strict=True)
        for month in seen
    ]
    path = written(tmp_path / "l.csv", rows, "subject,kind,value,first_seen")
    assert len(groups(cluster_links(read_links(path, now=NOW)))) == networks


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (("x", "ip", "x"), "1 link from a subject to itself"),
        (("", "ip", "1"), "1 link with an empty subject, kind or value"),
        (("x", "ip", "v" * 5000), "1 link with a name of more than 4096 bytes"),
        (("x", "ip", "1", "2031-01-01"), "1 link with a first_seen in the future"),
        (("x", "ip", "1", "yesterday"), "1 link with an invalid first_seen"),
    ],
)
def test_a_broken_line_is_counted_and_the_rest_is_read(tmp_path, row, said):
    good = [(*one, "2026-01-01") for one in TWO]
    path = written(
        tmp_path / "l.csv", [*good, (*row, "2026-01-01")[:4]], "subject,kind,value,first_seen"
    )
    reading = read_links(path, now=NOW)
    assert any(one.startswith(said) for one in reading.warnings)
    assert {"aaaa", "bbbb"} <= set(groups(cluster_links(reading)))


def test_other_encodings_are_told(tmp_path):
    path = tmp_path / "l.csv"
    path.write_bytes(b"subject,kind,value\nx,ip,caf\xe9\ny,ip,1\n")
    assert any("not in UTF-8" in one for one in read_links(path, now=NOW).warnings)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "the file is empty"),
        ("subject,kind,value\n", "the table has no links"),
        ("subject,value\nx,1\n", "no column kind"),
        ("subject,kind,value\n,,\n", "no line is a valid link"),
    ],
)
def test_a_file_without_links_is_refused_with_a_sentence(tmp_path, content, said):
    path = tmp_path / "l.csv"
    path.write_text(content)
    with pytest.raises(InputError, match=said):
        read_links(path, now=NOW)


@pytest.mark.parametrize("kind", ["shared", "parking", "dynamic-dns", "asn", "Registrar"])
def test_what_facts_say_of_a_place_ties_nobody(tmp_path, kind):
    rows = [("x.example", kind, "cdn:front"), ("y.example", kind, "cdn:front")]
    found = cluster_links(read_links(written(tmp_path / "l.csv", rows), now=NOW))
    assert groups(found) == ["x", "y"]


def test_a_value_on_every_subject_is_a_hub(tmp_path):
    rows = [
        *TWO,
        *((f"s{n}.example", "ip", "hub") for n in range(3000)),
        *((one[0], "ip", "hub") for one in TWO),
    ]
    found = cluster_links(read_links(written(tmp_path / "l.csv", rows), now=NOW))
    assert {"aaaa", "bbbb"} <= set(groups(found))


def test_many_words_of_analysts_are_kept_at_once(many, tmp_path):
    names = sorted({row[0] for row in read_rows(many)})
    rows = [(a, b, "same") for a, b in pairwise(names) if a[:4] < "g20-"]
    rows.append(("g30-0.example", "g30-3.example", "not_same"))
    said = read_constraints(written(tmp_path / "c.csv", rows, "a,b,relation"))[0]
    found = networks(cluster_links(read_links(many, now=NOW), constraints=said))
    assert len({found[name] for name in names if name[:3] <= "g20"}) == 1
    assert found["g30-0.example"] != found["g30-3.example"]
    assert len(set(found.values())) == 1 + 19 + 1
