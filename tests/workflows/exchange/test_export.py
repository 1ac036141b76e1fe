"""A file is read again at once: what does not come back is reported, or refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from tests.exchange.identity import FORGETFUL, FORMAT
from tests.exchange.packages import packages, sample_package

from cautery.errors import IncompleteError, InputError
from cautery.exchange import shape
from cautery.exchange.loss import Loss
from cautery.exchange.shape import Reading
from cautery.model import digest_of
from cautery.model.exchange import Package
from cautery.workflows.exchange import export
from cautery.workflows.exchange.export import record_of, report_of, written

SAMPLE = sample_package()


@settings(max_examples=30)
@given(packages(most_items=3))
def test_a_format_that_keeps_everything_loses_nothing(package: Package) -> None:
    assert written(package, FORMAT, strict=True).losses == ()


def test_what_a_format_forgets_is_counted_by_noun_and_field_with_its_reason() -> None:
    file = written(SAMPLE, FORGETFUL)
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
        written(SAMPLE, FORGETFUL, strict=True)


def test_what_our_own_reader_leaves_out_is_a_loss_too() -> None:
    left = Loss(noun="x-thing", field="*", count=3, altered=0, example="x-thing--1")

    def read(raw: bytes, file: str) -> Reading:
        return Reading(package=FORMAT.read(raw, file).package, left_out=(left,))

    assert written(SAMPLE, replace(FORMAT, read=read)).losses == (left,)


def test_what_nobody_would_read_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "MOST_ITEMS", 5)
    with pytest.raises(InputError, match="at most 5"):
        written(SAMPLE, FORMAT)
    monkeypatch.setattr(export, "MOST_ITEMS", shape.MOST_ITEMS)
    monkeypatch.setattr(export, "MOST_BYTES", 100)
    with pytest.raises(InputError, match="at most 100"):
        written(SAMPLE, FORMAT)


def test_the_record_says_what_left_for_whom_and_what_was_lost() -> None:
    file = written(SAMPLE, FORGETFUL)
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

    assert written(SAMPLE, replace(FORMAT, write=pieces)).raw == written(SAMPLE, FORMAT).raw
