"""The bracket in time of a record: after one proof from outside, before another."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cautery.evidence import Frontier, leaf_hash
from cautery.evidence.note import NoteVerifier, checkpoint_text
from cautery.evidence.outside.brackets import Bracket, Moment, bracket_of, brackets
from cautery.evidence.outside.cosignatures import Cosigned
from cautery.evidence.outside.proof import Checked, Clocks, Covered
from cautery.evidence.outside.stamps import Stamp
from cautery.model.evidence import Checkpoint, Digest

NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
LOG = NoteVerifier("league.example", b"k" * 32)


def after(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


times = st.one_of(st.none(), st.integers(0, 90).map(after))
moments = st.builds(
    Moment,
    record=st.one_of(st.none(), st.integers(0, 30)),
    covers=st.integers(0, 40),
    not_before=times,
    not_after=times,
)


@given(st.integers(0, 30), st.lists(moments, max_size=8))
def test_all_brackets_in_one_pass_are_those_of_each_record(size: int, given: list[Moment]) -> None:
    assert brackets(size, given) == [bracket_of(index, given) for index in range(size)]


@given(st.integers(0, 30), st.lists(moments, max_size=8))
def test_a_later_record_is_never_bound_earlier(size: int, given: list[Moment]) -> None:
    known = brackets(size, given)
    starts = [each.not_before for each in known if each.not_before is not None]
    ends = [each.not_after for each in known if each.not_after is not None]
    assert starts == sorted(starts)
    assert ends == sorted(ends)


def test_a_proof_does_not_bound_its_own_record_from_below() -> None:
    moment = Moment(record=5, covers=5, not_before=NOON, not_after=NOON)
    assert bracket_of(5, [moment]) == Bracket()
    assert bracket_of(4, [moment]) == Bracket(not_after=NOON)
    assert bracket_of(6, [moment]) == Bracket(not_before=NOON)


def test_no_words_of_a_bracket_are_a_bare_time() -> None:
    both = Bracket(not_before=NOON, not_after=after(1))
    assert both.words(after(0.5)) == (
        "not before 2026-05-01T12:00:00.000000Z, not after 2026-05-01T12:01:00.000000Z; "
        "2026-05-01T12:00:30.000000Z by this machine's clock"
    )
    for bracket in (both, Bracket(not_before=NOON), Bracket(not_after=NOON), Bracket()):
        assert bracket.words(NOON).count("by this machine's clock") == 1
    assert "nobody else vouches" in Bracket().words(NOON)


def checked(
    size: int, *, leaves: bytes = b"a", at: datetime = NOON, seen: datetime = NOON
) -> Checked:
    root = Frontier().extend([leaf_hash(leaves)] * size).root()
    text = checkpoint_text(LOG.name, size, root)
    checkpoint = Checkpoint(origin=LOG.name, size=size, root=root, note=text)
    stamp = Stamp(
        at=at,
        accuracy=timedelta(seconds=1),
        policy="1.2.3",
        serial=1,
        signer="CN=A",
        key=Digest("sha256:" + "0" * 64),
        expires=after(1e5),
        revocation_known=False,
    )
    return Checked(
        covered=Covered(size=1, root=root),
        log=LOG,
        cosigned=Cosigned(checkpoint=checkpoint, times={b"w" * 32: seen}, unknown=0),
        stamps=(("A", stamp),),
        unknown_stamps=0,
        faults=(),
    )


def test_what_goes_on_has_no_fault() -> None:
    clocks = Clocks()
    for minute in range(5):
        proof = checked(minute + 1, at=after(minute), seen=after(minute))
        assert clocks.faults(proof) == []
    assert clocks.faults(checked(5, at=after(4), seen=after(4))) == []


def test_two_roots_of_one_size_and_a_log_that_shrinks_are_faults() -> None:
    """However many co-signers signed both: the second proves nothing."""
    for later in (checked(5, leaves=b"b"), checked(4)):
        clocks = Clocks()
        assert clocks.faults(checked(5)) == []
        fault, *_ = clocks.faults(later)
        assert fault.startswith("the log league.example had 5 leaves in an earlier proof")


def test_a_co_signer_that_signed_two_roots_of_one_size_is_named_by_its_key() -> None:
    clocks = Clocks()
    assert clocks.faults(checked(5)) == []
    _, fault = clocks.faults(checked(5, leaves=b"b"))
    assert fault == (
        f"the co-signer with the key {(b'w' * 8).hex()} signed two roots of 5 leaves of the log "
        "league.example: it cannot be trusted"
    )


def test_clocks_that_run_backwards_are_faults() -> None:
    clocks = Clocks()
    assert clocks.faults(checked(1, at=after(9), seen=after(9))) == []
    assert clocks.faults(checked(2, at=after(8), seen=after(10)))[0].startswith("the clock of A")
    assert "a co-signer" in clocks.faults(checked(3, at=after(10), seen=after(8)))[0]
