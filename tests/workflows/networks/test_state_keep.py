"""A clustering that is kept: growth, damage, and what leaves no trace."""

import json

import pytest

from cautery.errors import InputError, StorageError
from cautery.workflows.networks.cluster import cluster_links
from cautery.workflows.networks.constraints import read_constraints
from cautery.workflows.networks.links import nothing_new, read_links
from cautery.workflows.networks.state.files import alone_in
from cautery.workflows.networks.state.keep import clustered_in

from .groups_of_links import MANY, NOW, TWO, groups, networks, read_rows, written


def whole(path, content):
    path.write_bytes(content)


@pytest.fixture
def links(tmp_path):
    return written(tmp_path / "links.csv", TWO)


@pytest.fixture
def many(tmp_path):
    return written(tmp_path / "many.csv", MANY)


def partition_of(found):
    return {frozenset(n for n, g in found.items() if g == one) for one in found.values()}


def contents(folder):
    return {one.name: one.read_bytes() for one in folder.iterdir()}


def named_in(state):
    return json.loads((state / "current.json").read_text())["sizes"]


def test_a_state_grows_keeps_ids_and_takes_only_what_is_new(links, tmp_path):
    state = tmp_path / "state"
    first = clustered_in(state, read_links(links, now=NOW), write=whole)
    new = [("0-new.example", kind, f"{kind}-a") for kind in ("payment", "certificate")]
    grown = clustered_in(
        state, read_links(written(tmp_path / "new.csv", new), now=NOW), write=whole
    )
    before = {subject: network for subject, network, _ in first.rows()}
    after = {subject: network for subject, network, _ in grown.rows()}
    assert after["0-new.example"] == before["a0.example"]
    assert {name: after[name] for name in before} == before


def test_an_update_agrees_with_a_run_over_all_and_keeps_weights_and_ids(many, tmp_path):
    state = tmp_path / "state"
    first = networks(clustered_in(state, read_links(many, now=NOW), write=whole))
    new = [
        ("late.example", "payment", "payment-g07"),
        ("late.example", "certificate", "certificate-7"),
        ("g09-1.example", "telegram", "unheard-of"),
        ("stranger.example", "payment", "nobody-else"),
    ]
    more = written(tmp_path / "new.csv", new)
    reading = read_links(more, now=NOW)
    grown = clustered_in(state, reading, write=whole)
    assert reading.warnings == []
    found = networks(grown)
    assert found["late.example"] == first["g07-0.example"]
    assert {name: found[name] for name in first} == first
    assert list(found.values()).count(found["stranger.example"]) == 1
    kept = json.loads((state / "current.json").read_text())
    assert kept["learnt"] == 320
    assert "telegram" in kept["weights"]["kinds"]
    everything = written(tmp_path / "all.csv", [*read_rows(many), *new])
    again = networks(cluster_links(read_links(everything, now=NOW)))
    assert partition_of(again) == partition_of(found)


def test_links_that_are_there_already_change_nothing(many, tmp_path):
    state = tmp_path / "state"
    first = list(clustered_in(state, read_links(many, now=NOW), write=whole).rows())
    again = written(tmp_path / "again.csv", read_rows(many)[:3])
    assert list(clustered_in(state, read_links(again, now=NOW), write=whole).rows()) == first


def test_a_single_that_new_links_join_to_another_keeps_its_id(many, tmp_path):
    state = tmp_path / "state"
    rows = [*read_rows(many), ("alone.example", "payment", "x")]
    path = written(tmp_path / "all.csv", rows)
    first = networks(clustered_in(state, read_links(path, now=NOW), write=whole))
    new = written(tmp_path / "new.csv", [("another.example", "payment", "x")])
    found = networks(clustered_in(state, read_links(new, now=NOW), write=whole))
    assert found["another.example"] == found["alone.example"] == first["alone.example"]
    assert {name: found[name] for name in first} == first


def test_an_update_tells_eras_of_an_address_apart(many, tmp_path):
    state = tmp_path / "state"
    header = "subject,kind,value,first_seen,last_seen"
    rows = [(*row, "2025-01-01", "2025-02-01") for row in read_rows(many)]
    rows += [(f"g01-{n}.example", "ip", "192.0.2.1", "2025-01-01", "2025-02-01") for n in "0123"]
    clustered_in(state, read_links(written(tmp_path / "a.csv", rows, header), now=NOW), write=whole)
    new = [
        ("soon.example", "ip", "192.0.2.1", "2025-01-20", "2025-03-01"),
        ("late.example", "ip", "192.0.2.1", "2026-01-01", "2026-02-01"),
    ]
    reading = read_links(written(tmp_path / "b.csv", new, header), now=NOW)
    found = networks(clustered_in(state, reading, write=whole))
    assert reading.warnings == []
    assert found["soon.example"] == found["g01-0.example"]
    assert list(found.values()).count(found["late.example"]) == 1


@pytest.mark.parametrize(("first", "second"), [("", "2025-01-20"), ("2025-01-20", "")])
def test_an_update_takes_a_link_without_times_for_the_only_era_as_a_full_run_does(
    many, tmp_path, first, second
):
    header = "subject,kind,value,first_seen,last_seen"
    rows = [(*row, "", "") for row in read_rows(many)]
    rows += [(f"g01-{n}.example", "ip", "192.0.2.1", first, first) for n in "0123"]
    new = [("late.example", "ip", "192.0.2.1", second, second)]
    state = tmp_path / "state"
    clustered_in(state, read_links(written(tmp_path / "a.csv", rows, header), now=NOW), write=whole)
    reading = read_links(written(tmp_path / "b.csv", new, header), now=NOW)
    grown = networks(clustered_in(state, reading, write=whole))
    assert reading.warnings == []
    whole_run = read_links(written(tmp_path / "c.csv", [*rows, *new], header), now=NOW)
    for found in (grown, networks(cluster_links(whole_run))):
        assert found["late.example"] == found["g01-0.example"]


def test_a_state_that_outgrew_its_weights_learns_them_anew_and_says_so(links, tmp_path):
    state = tmp_path / "state"
    clustered_in(state, read_links(links, now=NOW), write=whole)
    reading = read_links(
        written(tmp_path / "new.csv", [("z.example", "payment", "payment-a")]), now=NOW
    )
    clustered_in(state, reading, write=whole)
    assert reading.warnings[0].startswith("refit: the weights were learnt from 16 links")


def test_a_state_whose_file_was_cut_short_is_refused(links, tmp_path):
    state = tmp_path / "state"
    clustered_in(state, read_links(links, now=NOW), write=whole)
    (pairs,) = state.glob("pairs-*")
    pairs.write_bytes(pairs.read_bytes()[:-1])
    with pytest.raises(InputError, match="was changed after it was written"):
        clustered_in(state, read_links(links, now=NOW), write=whole)


@pytest.mark.parametrize("part", ["subjects", "marks", "values", "pairs", "networks", "current"])
def test_a_state_with_one_byte_changed_is_refused(links, tmp_path, part):
    state = tmp_path / "state"
    clustered_in(state, read_links(links, now=NOW), write=whole)
    (path,) = state.glob(f"{part}*")
    content = bytearray(path.read_bytes())
    content[content.rindex(b"1" if part == "current" else content[-40:-39])] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"was changed after it was written|changed or damaged"):
        clustered_in(state, read_links(links, now=NOW), write=whole)


def grown(state, many, tmp_path):
    clustered_in(state, read_links(many, now=NOW), write=whole)
    new = [("late.example", "payment", "payment-g07"), ("late.example", "telegram", "unheard-of")]
    more = written(tmp_path / "new.csv", new)
    clustered_in(state, read_links(more, now=NOW), write=whole)


@pytest.mark.parametrize("part", ["subjects", "marks", "values", "pairs"])
def test_what_came_after_a_state_was_learnt_stands_beside_it_and_is_refused_once_changed(
    many, tmp_path, part
):
    state = tmp_path / "state"
    clustered_in(state, read_links(many, now=NOW), write=whole)
    learnt = {one.name for one in state.glob(f"{part}-*")}
    grown(state, many, tmp_path)
    assert {one.name for one in state.glob(f"{part}-*")} == learnt
    (path,) = state.glob(f"later-{part}-*")
    content = bytearray(path.read_bytes())
    content[-40] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match="was changed after it was written"):
        clustered_in(state, nothing_new(), write=whole)


def test_an_update_writes_no_table_of_what_was_learnt(many, tmp_path):
    state, told = tmp_path / "state", []
    clustered_in(state, read_links(many, now=NOW), write=whole)

    def telling(path, content):
        told.append(path.name.rpartition("-")[0] or path.name)
        path.write_bytes(content)

    new = written(tmp_path / "new.csv", [("late.example", "payment", "payment-g07")])
    clustered_in(state, read_links(new, now=NOW), write=telling)
    standing = ["places", "owners", "spans", "networks"]
    later = ["later-subjects", "later-pairs"]
    assert sorted(told) == sorted([*later, *standing, "links", "current.json"])


def test_links_given_one_by_one_leave_what_they_leave_at_once(many, tmp_path):
    new = [
        ("late.example", "payment", "payment-g07"),
        ("g09-1.example", "telegram", "unheard-of"),
        ("late.example", "telegram", "unheard-of"),
        ("later.example", "certificate", "certificate-g07"),
    ]
    made = []
    for name, parts in (("one", [[row] for row in new]), ("all", [new])):
        state = tmp_path / name
        clustered_in(state, read_links(many, now=NOW), write=whole)
        for part in parts:
            path = written(tmp_path / "new.csv", part)
            found = clustered_in(state, read_links(path, now=NOW), write=whole)
        made.append(networks(found))
    assert made[0] == made[1]


def test_a_state_without_its_pointer_is_not_begun_anew_over_the_links_that_it_holds(
    links, tmp_path
):
    state = tmp_path / "state"
    clustered_in(state, read_links(links, now=NOW), write=whole)
    (state / "current.json").unlink()
    kept = {one.name for one in state.iterdir()}
    with pytest.raises(InputError, match=r"current\.json is missing"):
        clustered_in(state, read_links(links, now=NOW), write=whole)
    assert {one.name for one in state.iterdir()} == kept


def test_a_first_run_that_was_interrupted_starts_clean(links, tmp_path):
    state = tmp_path / "state"

    def killed(path, content):
        if path.name.startswith("pairs"):
            raise StorageError("gone")
        path.write_bytes(content)

    with pytest.raises(StorageError):
        clustered_in(state, read_links(links, now=NOW), write=killed)
    assert groups(clustered_in(state, read_links(links, now=NOW), write=whole)) == ["aaaa", "bbbb"]


def test_more_kinds_than_a_file_may_have_are_refused_of_a_state_too(many, tmp_path):
    state = tmp_path / "state"
    clustered_in(state, read_links(many, now=NOW), write=whole)
    for first in (0, 30):
        new = [("g01-0.example", f"kind-{first + n}", "x") for n in range(30)]
        before = contents(state)
        reading = read_links(written(tmp_path / "new.csv", new), now=NOW)
        if first == 0:
            clustered_in(state, reading, write=whole)
            continue
        with pytest.raises(InputError, match="62 kinds of link, but at most 60"):
            clustered_in(state, reading, write=whole)
        assert contents(state) == before


def test_two_runs_do_not_work_on_one_state(links, tmp_path):
    with (
        alone_in(tmp_path / "state"),
        pytest.raises(InputError, match="another run is using this state"),
    ):
        clustered_in(tmp_path / "state", read_links(links, now=NOW), write=whole)


def test_a_refit_says_what_it_changed(links, tmp_path):
    state = tmp_path / "state"
    clustered_in(state, read_links(links, now=NOW), write=whole)
    reading = read_links(links, now=NOW)
    clustered_in(state, reading, refit=True, write=whole)
    assert "refit: 0 of 8 known subjects moved to another network" in reading.warnings[0]


def test_saying_same_and_taking_it_back_leaves_every_byte_of_a_state(links, tmp_path):
    state = tmp_path / "state"
    clustered_in(state, read_links(links, now=NOW), write=whole)
    before = contents(state)
    said = read_constraints(
        written(tmp_path / "c.csv", [("a0.example", "b0.example", "same")], "a,b,relation")
    )[0]
    empty = written(tmp_path / "none.csv", [])
    for path, constraints, expected in (
        (links, said, ["aaaabbbb"]),
        (empty, said, ["aaaabbbb"]),
        (links, (), ["aaaa", "bbbb"]),
    ):
        reading = read_links(path, now=NOW, may_be_empty=True)
        found = clustered_in(state, reading, constraints=constraints, write=whole)
        assert groups(found) == expected
        assert reading.warnings == []
    clustered_in(state, nothing_new(), refit=True, write=whole)
    assert contents(state) == before


def test_links_that_the_state_knows_do_not_count_towards_learning_anew(links, tmp_path):
    state = tmp_path / "state"
    clustered_in(state, read_links(links, now=NOW), write=whole)
    reading = read_links(links, now=NOW)
    clustered_in(state, reading, write=whole)
    assert reading.warnings == []


def test_constraints_leave_no_trace_in_a_state(links, tmp_path):
    said = read_constraints(
        written(tmp_path / "c.csv", [("a0.example", "b0.example", "same")], "a,b,relation")
    )[0]
    states = []
    for name, constraints in (("one", ()), ("two", said)):
        clustered_in(
            tmp_path / name, read_links(links, now=NOW), constraints=constraints, write=whole
        )
        states.append(contents(tmp_path / name))
    assert states[0] == states[1]


def test_an_interrupted_run_leaves_the_state_before_it(links, tmp_path):
    state = tmp_path / "state"
    clustered_in(state, read_links(links, now=NOW), write=whole)
    before = (state / "current.json").read_bytes()

    def full(path, content):
        if path.name == "current.json":
            raise StorageError("disk full")
        path.write_bytes(content)

    new = written(tmp_path / "new.csv", [("z.example", "payment", "payment-a")])
    with pytest.raises(StorageError):
        clustered_in(state, read_links(new, now=NOW), write=full)
    assert (state / "current.json").read_bytes() == before
    again = clustered_in(state, read_links(new, now=NOW), write=whole)
    assert groups(again) == ["aaaaz", "bbbb"]
    assert {one.name for one in state.iterdir()} == {"current.json", *named_in(state)}


def test_what_an_interrupted_run_left_is_gone_after_the_next_one(links, tmp_path):
    state = tmp_path / "state"
    clustered_in(state, read_links(links, now=NOW), write=whole)
    before = contents(state)
    for left in ("places-0123456789abcdef.arrow", ".writing-1-x"):
        whole(state / left, b"x")
    clustered_in(state, nothing_new(), write=whole)
    assert contents(state) == before


def test_a_folder_of_something_else_is_left_alone(links, tmp_path):
    with pytest.raises(InputError, match="does not hold a state"):
        clustered_in(tmp_path, read_links(links, now=NOW), write=whole)
