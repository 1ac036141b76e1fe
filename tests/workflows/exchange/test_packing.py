"""A package crosses from the child that read it as it was, or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.exchange.packages import packages, sample_package

from cautery.exchange.loss import Loss
from cautery.exchange.shape import Reading
from cautery.formats.packing import Packer
from cautery.workflows.exchange import packing
from cautery.workflows.exchange.packing import packed_reading, unpacked_reading

_LEFT_OUT = (Loss(noun="malware", field="*", count=3, altered=0, example="malware--1"),)


@given(packages())
def test_what_is_packed_comes_back_whole(package):
    reading = Reading(package=package, left_out=_LEFT_OUT)

    assert unpacked_reading(packed_reading(reading)) == reading


@given(st.data())
def test_altered_bytes_are_an_error_or_a_package(data):
    packed = bytearray(packed_reading(Reading(package=sample_package())))
    for place in data.draw(st.lists(st.integers(0, len(packed) - 1), min_size=1, max_size=4)):
        packed[place] = data.draw(st.integers(0, 255))

    try:
        reading = unpacked_reading(bytes(packed))
    except ValueError:
        return
    assert reading.package.items is not None


def test_bytes_that_are_cut_off_are_an_error():
    packed = packed_reading(Reading(package=sample_package()))

    with pytest.raises(ValueError, match="cut off"):
        unpacked_reading(packed[:-1])


def test_a_column_of_numbers_that_is_longer_than_a_package_is_an_error(monkeypatch):
    monkeypatch.setattr(packing, "MOST_ITEMS", len(sample_package().items))
    unpacked_reading(packed_reading(Reading(package=sample_package())))
    texts, no_item = Packer(), bytes(4 * (packing.MOST_ITEMS + 1))
    texts.json({})
    for _ in packing._TEXTS:
        texts.texts([])
    texts.json([])
    texts.data(no_item)

    with pytest.raises(ValueError, match="more items than were asked for"):
        unpacked_reading(texts.packed())
