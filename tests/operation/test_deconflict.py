"""The set intersection: right on any sets, and masked sets that tell nothing."""

from __future__ import annotations

import hashlib
import random as chance
import secrets

import pytest
import rbcl
from hypothesis import given, settings
from hypothesis import strategies as st

from cautery.errors import InputError
from cautery.operation.deconflict import (
    MOST_SIZE,
    MaskedSet,
    agreed_size,
    check_points,
    check_size,
    commitment,
    hash_to_group,
    masked_set,
    multiply,
    session_of,
    shared_targets,
)
from cautery.operation.targets import normalise

SESSION = session_of("op-1", "it-postal", "bg-gdbop", 64, bytes(32))
ORDER = 2**252 + 27742317777372353535851937790883648493  # RFC 9496, section 4: the group's order


def masked(targets: list[str], *, size: int = 64, session: str = SESSION) -> MaskedSet:
    return masked_set(targets, session=session, size=size, random=secrets.token_bytes)


def both(own: list[str], other: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    a, b = masked(own), masked(other)
    raised_a, raised_b = multiply(b.scalar, a.points), multiply(a.scalar, b.points)
    return shared_targets(a, raised_a, raised_b), shared_targets(b, raised_b, raised_a)


names = st.lists(st.sampled_from([f"host:{n}.example" for n in range(30)]), max_size=30)


@settings(max_examples=25, deadline=None)
@given(names, names)
def test_both_sides_learn_exactly_the_intersection(own: list[str], other: list[str]) -> None:
    wanted = tuple(sorted(set(own) & set(other)))
    assert both(own, other) == (wanted, wanted)


def test_the_same_target_masked_twice_differs_and_no_hash_is_sent_bare() -> None:
    one, two = masked(["host:a.example"]), masked(["host:a.example"])
    assert not set(one.points) & set(two.points)
    assert hash_to_group("host:a.example", SESSION) not in one.points


def test_a_masked_set_from_one_session_answers_nothing_in_another() -> None:
    other = session_of("op-1", "it-postal", "bg-gdbop", 64, bytes(31) + b"\1")
    a, b = masked(["host:a.example"]), masked(["host:a.example"], session=other)
    assert not shared_targets(a, multiply(b.scalar, a.points), multiply(a.scalar, b.points))


def test_every_part_of_a_session_counts() -> None:
    parts = ["op-1", "it", "bg"]
    seen = {session_of(*parts, 64, bytes(32)), session_of(*parts, 128, bytes(32))}
    seen |= {session_of("op-1", "bg", "it", 64, bytes(32)), session_of(*parts, 64, bytes(31))}
    seen |= {session_of("op-1i", "t", "bg", 64, bytes(32))}
    assert len(seen) == 5


@pytest.mark.parametrize("count", [0, 1, 63, 64])
def test_a_masked_set_has_the_agreed_size_and_an_order_that_tells_nothing(count: int) -> None:
    run = masked([f"host:{n}.example" for n in range(count)])
    assert len(run.points) == 64
    assert list(run.points) == sorted(run.points)
    check_points(run.points, size=64, ascending=True)


def test_padding_and_targets_have_the_same_distribution_of_bytes() -> None:
    """Means over 16 masked sets, of the first 31 bytes: a difference of 5 sigma would be seen."""
    full = [masked([f"address:192.0.2.{n}" for n in range(64)]) for _ in range(16)]
    empty = [masked([]) for _ in range(16)]
    sigma = (256**2 / 12 / (16 * 64 * 31)) ** 0.5
    means = [
        sum(sum(point[:31]) for run in runs for point in run.points) / (16 * 64 * 31)
        for runs in (full, empty)
    ]
    assert all(abs(mean - 127.5) < 5 * sigma for mean in means)


def simulated(shared: int, size: int, rng: chance.Random) -> tuple[list[bytes], list[bytes]]:
    """What one side sees, made from its own set's size and the overlap alone (ADR 0008).

    Uniform points for the other's masked set; one's own set raised: uniform points, of which as
    many as are shared come from the other's set raised.
    """

    def uniform() -> bytes:
        return rbcl.crypto_core_ristretto255_from_hash(rng.randbytes(64))

    scalar = rbcl.crypto_core_ristretto255_scalar_reduce(rng.randbytes(64))
    theirs = sorted(uniform() for _ in range(size))
    raised = multiply(scalar, rng.sample(theirs, shared))
    return theirs, [*raised, *(uniform() for _ in range(size - shared))]


def seen_by_a(own: list[str], other: list[str]) -> tuple[MaskedSet, list[bytes], list[bytes]]:
    a, b = masked(own), masked(other)
    return a, list(b.points), list(multiply(b.scalar, a.points))


def facts_of(theirs: list[bytes], raised: list[bytes], scalar: bytes | None) -> tuple[object, ...]:
    """All that a test can tell of a view: sizes, order, validity, and what meets what."""
    meets = () if scalar is None else (len(set(multiply(scalar, theirs)) & set(raised)),)
    return (
        len(theirs),
        len(raised),
        theirs == sorted(theirs),
        len(set(theirs)),
        len(set(raised)),
        bool(set(theirs) & set(raised)),
        all(rbcl.crypto_core_ristretto255_is_valid_point(one) for one in theirs + raised),
        *meets,
    )


def test_a_view_is_like_one_simulated_from_ones_own_set_and_the_overlap() -> None:
    own = [f"host:{n}.example" for n in range(20)]
    for other in (own[:5], own[:5] + [f"host:hidden-{n}.example" for n in range(40)]):
        a, theirs, raised = seen_by_a(own, other)
        made = simulated(5, 64, chance.Random(3))
        assert facts_of(theirs, raised, a.scalar)[:-1] == facts_of(*made, None)
        assert facts_of(theirs, raised, a.scalar)[-1] == 5


def test_where_the_shared_ones_stand_in_the_others_set_says_nothing() -> None:
    """The rank of the one shared target among 64 points, over 400 runs: uniform, chi-square."""
    ranks = []
    for _ in range(400):
        a, b = masked(["host:a.example"]), masked(["host:a.example", "host:z.example"])
        wanted = set(multiply(b.scalar, [p for p, t in zip(a.points, a.targets, strict=True) if t]))
        raised = multiply(a.scalar, b.points)
        ranks.append(next(n for n, one in enumerate(raised) if one in wanted))
    counts = [sum(low <= one < low + 16 for one in ranks) for low in range(0, 64, 16)]
    assert sum((one - 100) ** 2 / 100 for one in counts) < 30  # 3 degrees: p < 2e-6


def test_a_commitment_binds_every_point_and_the_session() -> None:
    run = masked(["host:a.example"])
    changed = (run.points[1], run.points[0], *run.points[2:])
    other = hashlib.sha256(b"x").hexdigest()
    assert len({commitment(run.points, SESSION), commitment(changed, SESSION),
                commitment(run.points, other)}) == 3  # fmt: skip


GOOD = masked([]).points


@pytest.mark.parametrize(
    ("points", "rule"),
    [
        (GOOD[:-1], "63 points"),
        ((*GOOD, GOOD[0]), "65 points"),
        ((GOOD[0], *GOOD[:-1]), "contains a point twice"),
        (tuple(reversed(GOOD)), "sorted"),
        ((bytes(32), *GOOD[1:]), "identity"),
        ((*GOOD[:-1], b"\xff" * 32), "element of the group"),
        ((*GOOD[:-1], ((2**255 - 19) + 4).to_bytes(32, "little")), "element of the group|sorted"),
    ],
)
def test_what_is_no_set_of_group_elements_is_refused(points: tuple[bytes, ...], rule: str) -> None:
    with pytest.raises(InputError, match=rule):
        check_points(points, size=64, ascending=True)


def test_a_non_canonical_point_is_refused_where_order_is_free() -> None:
    spoilt = (((2**255 - 19) + 4).to_bytes(32, "little"), *GOOD[1:])
    with pytest.raises(InputError, match="element of the group"):
        check_points(spoilt, size=64, ascending=False)


@pytest.mark.parametrize("size", [0, 1, 63, 65, 100, MOST_SIZE * 2, -64])
def test_a_size_that_no_run_has_is_refused(size: int) -> None:
    with pytest.raises(InputError, match="power of two"):
        check_size(size)


def test_the_usual_sizes_hide_how_many_there_are() -> None:
    assert [agreed_size(n) for n in (0, 1, 1024, 1025, 100_000)] == [
        1024, 1024, 1024, 16_384, 131_072
    ]  # fmt: skip
    with pytest.raises(InputError, match="at most 131072"):
        agreed_size(MOST_SIZE + 1)


def test_too_many_targets_for_the_size_are_refused_without_saying_how_many() -> None:
    with pytest.raises(InputError, match="more targets than the 64") as refused:
        masked([f"host:{n}.example" for n in range(70)])
    assert "70" not in str(refused.value)


def test_multiplying_in_threads_is_multiplying_in_order() -> None:
    points = [
        rbcl.crypto_core_ristretto255_from_hash(hashlib.sha512(bytes([n % 256, n // 256])).digest())
        for n in range(4100)
    ]
    two = (2).to_bytes(32, "little")
    assert multiply(two, points) == tuple(
        rbcl.crypto_core_ristretto255_add(one, one) for one in points
    )
    assert multiply((ORDER - 1).to_bytes(32, "little"), points[:1])[0] != points[0]


def test_a_masked_set_shows_no_secret_when_it_is_printed() -> None:
    run = masked(["host:a.example"])
    assert "a.example" not in repr(run)
    assert run.scalar.hex() not in repr(run)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("host:Shop.Example.", "domain:shop.example"),
        ("shop.example", "host:SHOP.example"),
        ("host:bücher.example", "host:xn--bcher-kva.example"),
        ("address:2001:DB8:0:0::1", "2001:db8::1"),
        ("::ffff:192.0.2.1", "address:192.0.2.1"),
        ("host:192.0.2.1", "address:192.0.2.1"),
        ("host:0xc0000201", "ip:192.0.2.1"),
        ("1..", "address:0.0.0.1"),
        ("wallet:0xAbCdEf0123456789aBcDeF0123456789AbCdEf01",
         "wallet:0xabcdef0123456789abcdef0123456789abcdef01"),
        ("  panel:X1 ", "panel:x1"),
        ("https://Shop.example/a", "url:https://shop.example/a"),
    ],
)  # fmt: skip
def test_two_spellings_of_a_target_are_one(one: str, other: str) -> None:
    assert normalise(one) == normalise(other)


def test_a_wallet_in_base58_keeps_its_case() -> None:
    assert normalise("wallet:1BoatSLRHt") != normalise("wallet:1boatslrht")


@pytest.mark.parametrize("target", ["", "  ", "a\nb", "x" * 1025, "host:\x00"])
def test_what_is_no_target_is_refused(target: str) -> None:
    with pytest.raises(InputError, match="not a valid target"):
        normalise(target)


@given(st.text(min_size=1, max_size=40))
def test_normalising_twice_is_normalising_once(text: str) -> None:
    try:
        once = normalise(text)
    except InputError:
        return
    assert normalise(once) == once
