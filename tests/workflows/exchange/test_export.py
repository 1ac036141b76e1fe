"""A file is read again at once: what does not come back is reported, or refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from tests.exchange.identity import FORGETFUL, FORMAT
from tests.exchange.packages import ME, NOON, packages, sample_package

from cautery.errors import IncompleteError, InputError
from cautery.exchange import shape
from cautery.exchange.catalogue import format_named
from cautery.exchange.loss import Loss
from cautery.exchange.shape import Reading
from cautery.model import Marking, digest_of
from cautery.model.exchange import Item, ItemKind, Package
from cautery.model.marking import Pap, Tlp
from cautery.workflows.exchange import export
from cautery.workflows.exchange.export import as_of, record_of, report_of, written

SAMPLE = sample_package()


@settings(max_examples=30)
@given(packages(most_items=3))
def test_a_format_that_keeps_everything_loses_nothing(package: Package) -> None:
    assert written(package, FORMAT, at=package.made_at, strict=True).losses == ()


def test_what_a_format_forgets_is_counted_by_noun_and_field_with_its_reason() -> None:
    file = written(SAMPLE, FORGETFUL, at=NOON)
    by_name = {(one.noun, one.field): one for one in file.losses}
    assert by_name["stream", "text"].count == 1
    assert by_name["stream", "text"].why == "it has no place for words"
    assert by_name["relation blocked-by", "*"].why == ""
    report = report_of(file, name="out.json")
    assert report["unforeseen"] > 0
    assert report["consumers"] == {"SomeTool": "drops relations"}
    assert report["digest"] == digest_of(file.raw)
    assert (report["items"], report["relations"]) == (len(SAMPLE.items), len(SAMPLE.relations))


def test_strict_refuses_and_names_what_is_lost() -> None:
    with pytest.raises(IncompleteError, match="text of 1 stream"):
        written(SAMPLE, FORGETFUL, at=NOON, strict=True)


def test_what_our_own_reader_leaves_out_is_a_loss_too() -> None:
    left = Loss(noun="x-thing", field="*", count=3, altered=0, example="x-thing--1")

    def read(raw: bytes, file: str) -> Reading:
        return Reading(package=FORMAT.read(raw, file).package, left_out=(left,))

    assert written(SAMPLE, replace(FORMAT, read=read), at=NOON).losses == (left,)


def test_what_nobody_would_read_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "MOST_ITEMS", 5)
    with pytest.raises(InputError, match="at most 5"):
        written(SAMPLE, FORMAT, at=NOON)
    monkeypatch.setattr(export, "MOST_ITEMS", shape.MOST_ITEMS)
    monkeypatch.setattr(export, "MOST_BYTES", 100)
    with pytest.raises(InputError, match="at most 100"):
        written(SAMPLE, FORMAT, at=NOON)


HOUR = timedelta(hours=1)


def blocked(*, since: datetime, until: datetime, revoked: bool = False) -> Package:
    """Return a package as of noon with one block that a consumer may act on."""
    green = Marking(tlp=Tlp.GREEN, pap=Pap.GREEN)
    block = Item(
        kind=ItemKind.BLOCK, id="a.example", by=ME, marking=green, at=NOON,
        valid_from=since, valid_until=until, revoked=revoked,
    )  # fmt: skip
    return Package(id="c", name="c", by=ME, made_at=NOON, marking=green, items=(block,))


@pytest.mark.parametrize(
    ("since", "until", "hours", "acts"),
    [
        (NOON - HOUR, NOON + HOUR, 0, True),
        (NOON - HOUR, NOON + HOUR, 1, False),
        (NOON - HOUR, NOON + HOUR, 30, False),
        (NOON + HOUR, NOON + 9 * HOUR, 0, False),
        (NOON + HOUR, NOON + 9 * HOUR, 1, True),
        (NOON + HOUR, NOON + 9 * HOUR, 8, True),
        (NOON + HOUR, NOON + 9 * HOUR, 10, False),
    ],
)
def test_a_block_is_acted_on_while_it_is_in_force_when_it_leaves(
    *, since: datetime, until: datetime, hours: int, acts: bool
) -> None:
    """No record comes after the window: the newest one is of noon."""
    misp, package = format_named("misp"), blocked(since=since, until=until)
    raw = written(package, misp, at=NOON + hours * HOUR, strict=True).raw

    assert (b'"to_ids":true' in raw) is acts
    assert (b'"source":"ended"' in raw) is (NOON + hours * HOUR >= until)


def test_a_package_is_as_of_its_last_change_and_the_same_until_the_next_one() -> None:
    package = blocked(since=NOON - HOUR, until=NOON + HOUR)

    assert as_of(package, NOON + HOUR - timedelta(microseconds=1)) == package
    assert as_of(package, NOON + HOUR).made_at == NOON + HOUR
    assert as_of(package, NOON + 99 * HOUR) == as_of(package, NOON + HOUR)
    assert as_of(blocked(since=NOON, until=NOON + HOUR, revoked=True), NOON + 9 * HOUR).made_at == (
        NOON
    )


def test_the_record_says_what_left_for_whom_and_what_was_lost() -> None:
    file = written(SAMPLE, FORGETFUL, at=NOON)
    record = record_of(file, at=SAMPLE.made_at, who="A", why="request 12", to="bg-gdbop")
    assert (record.format, record.to, record.digest) == ("forgetful", "bg-gdbop", file.digest)
    assert record.marking == SAMPLE.marking
    assert [(one.noun, one.field, one.count) for one in record.losses] == [
        (one.noun, one.field, one.count) for one in file.losses
    ]


def test_pieces_are_joined_in_their_order() -> None:
    def pieces(package: Package) -> Iterator[bytes]:
        whole = b"".join(FORMAT.write(package))
        yield whole[:10]
        yield whole[10:]

    assert (
        written(SAMPLE, replace(FORMAT, write=pieces), at=NOON).raw
        == written(SAMPLE, FORMAT, at=NOON).raw
    )
