"""Every reader takes a time that grows with its input and no faster: the one timed test.

CPU time of this thread, the best of up to five: a machine that is busy makes nothing slower by it.
"""

import contextlib
import gc
import time
from functools import cache, partial
from pathlib import Path

import pytest

from cautery.errors import CauteryError
from cautery.formats import READERS, Derivation, ReadWarning, guess, read_page, redacted_text, rows
from cautery.formats._html import Tag, tokens
from cautery.formats.warm import warm
from cautery.lab.authority import police
from cautery.lab.floods import floods
from cautery.model import KeyedPseudonyms, RedactedUrl, ascii_name

SAMPLES = Path(__file__).parent / "assets" / "samples"
SMALL, LARGE = 1 << 16, 1 << 18
MOST_TIMES = 5.0
FLOOR_S = 0.04
"""Below it the larger input's time is the reader's start, a page fault, a tick of the clock."""
LONGEST_S = 5.0
"""For the larger input: 20 s a megabyte would be a hang, however straight its line."""
PIECE = 16_384
# Certificates with strange serial numbers are told of by the library beside being read.
pytestmark = [
    pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning"),
    pytest.mark.timeout(1800),  # of a machine that others use, too: measured is CPU time
]


@pytest.fixture(autouse=True, scope="module")
def _quiet():
    """Load what loads late, and leave what lies in memory already to nobody's account."""
    warm()
    for kind in READERS:
        with contextlib.suppress(CauteryError):
            taken(kind, sample_of(kind))
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def sample_of(kind):
    return (SAMPLES / kind).read_bytes()


def chunks_of(data):
    for at in range(0, len(data), PIECE):
        yield data[at : at + PIECE]


def taken(kind, data):
    with contextlib.suppress(CauteryError):
        guess(data[:8192])
    with contextlib.suppress(CauteryError):
        if READERS[kind].rows is None:
            for _ in READERS[kind].values(chunks_of(data), "http://h.example/live/x"):
                pass
            return
        derivation = Derivation(
            pseudonyms=KeyedPseudonyms(b"k"), panel="p", place=lambda _: ("IT", 1)
        )
        for row in rows(kind, chunks_of(data), authority=police()):
            if not isinstance(row, ReadWarning):
                derivation.derived(row)


def seconds(task, data):
    """Return the CPU of a task, without the collector's visits to what other tests left."""
    gc.disable()
    try:
        began = time.thread_time()
        task(data)
        return time.thread_time() - began
    finally:
        gc.enable()


def faults(task, make):
    """Return what is wrong with the times of one flood, or nothing.

    Four times the size is tried from 64 KiB, and what looks too slow there again from 256 KiB:
    caches of a busy machine make a straight line bend once, a square bends every time. Of a size
    that both tries measure the least time counts.
    """
    least, found = {}, []
    for size in (SMALL, LARGE):
        best_of_five(task, make, size, least)
        if any(_is_fine(least[small], least[4 * small]) for small in (SMALL, size)):
            return []
        shorter, longer = least[size], least[4 * size]
        found.append(f"{size >> 10} KiB {shorter:.3f} s, {size >> 8} KiB {longer:.3f} s")
    return found


def _is_fine(shorter, longer):
    return longer <= FLOOR_S or (longer <= MOST_TIMES * shorter and longer <= LONGEST_S)


def best_of_five(task, make, size, least):
    """Keep the least time of a size and of four times it, measured once if that is fine already."""
    small, large = make(size), make(4 * size)
    for _ in range(5):
        least[4 * size] = min(least.get(4 * size, float("inf")), seconds(task, large))
        if least[4 * size] <= FLOOR_S:
            least.setdefault(size, float("inf"))
            break
        least[size] = min(least.get(size, float("inf")), seconds(task, small))
        if _is_fine(least[size], least[4 * size]) or least[4 * size] > 4 * LONGEST_S:
            break


def some_of(kind):
    """Return the floods made for a reader, and of those that hurt any each reader another third.

    ``bench/watch/hostile.py`` runs them all.
    """
    flooded = list(floods(kind, sample_of(kind)))
    place = list(READERS).index(kind)
    return [one for at, one in enumerate(flooded) if one.own or at % 3 == place % 3]


@pytest.mark.parametrize("kind", READERS)
def test_four_times_the_bytes_take_at_most_five_times_the_time(kind):
    flooded = some_of(kind)
    assert len(flooded) > 15
    assert [
        (str(flood), found)
        for flood in flooded
        if (found := faults(partial(taken, kind), flood.bytes_of))
    ] == []


TEXTS = (
    "/", "/live", "a", "a1", "1/", ";a", ";a=", "&a", "&a=b", "&u=http://a.example/", "%2F", "%", "@",
    "a:b@", ".", "a.b", "token=", "00:1A:79:", "http://", "http://a.example/ ", "'token': '", " ",
    "é", "~0123456789abcdef", "-", "user=a&", "http://u:p@a.example/live/a/b/1?token=",
)  # fmt: skip
KEY = KeyedPseudonyms(b"k" * 32)


@cache
def repeated(unit, ending, size):
    return unit * (size // len(unit)) + ending


@pytest.mark.parametrize("unit", TEXTS)
@pytest.mark.parametrize("ending", ["", "-1", "/1.ts"])
def test_redaction_of_any_text_grows_with_its_length(unit, ending):
    def address(text):
        RedactedUrl.of(f"http://a.example/{text}", KEY)
        RedactedUrl.of(f"http://a.example/?{text}", KEY)
        redacted_text(text, KEY)

    assert faults(address, lambda size: repeated(unit, ending, size)) == []


def names_of(letters):
    """Return many names whose labels have so many letters, all different."""
    return [
        "".join(chr(0x4E00 + (at * 97 + number * 211) % 20_000) for at in range(letters))
        + ".example"
        for number in range(1500)
    ]


def looked_up(names):
    for name in names:
        with contextlib.suppress(UnicodeError):
            ascii_name(name)


def test_a_name_takes_a_time_that_grows_with_its_letters():
    looked_up(names_of(60))
    least = {}
    best_of_five(looked_up, names_of, 15, least)
    assert _is_fine(least[15], least[60]), least


def test_a_page_of_a_million_open_elements_is_read_to_its_end():
    nested = b"<html><body>" + b"<div>" * 800_000 + b"<p>Only 9 &euro; a month</p>"
    began = time.thread_time()
    found = read_page([nested], base="http://shop.example/")
    assert [price.amount for price in found.prices] == [9]
    assert time.thread_time() - began < 20  # it was minutes


def test_a_page_says_the_same_where_its_tags_are_strange():
    source = (
        "<title>A &amp; B</title><P>one<br>two</p\n>< three &#99999999999; <é"
        "<svg><text>drawn</text><p>four</svg><!-- <b>no</b> -->five<template><i>x</i></template>"
        "<script>if (a < b) '</p>'</script><textarea><b>six</b></textarea><a title='>' href=/x>7</a>"
        "<noscript><p>hidden</noscript>8</><?php a > 9<![CDATA[ b > 10"
    )
    shown = "".join(
        token.text for token in tokens(source) if not isinstance(token, Tag) and token.shown
    )
    assert shown == "onetwo< three \ufffd <éfourfive<b>six</b>78 9 10"


def test_a_square_is_found(monkeypatch):
    monkeypatch.setattr(f"{__name__}.FLOOR_S", 0.001)

    def square(size):
        for _ in range((size // 512) ** 2):
            pass

    [first, again] = faults(square, lambda size: size)
    assert first.startswith("64 KiB ")
    assert again.startswith("256 KiB ")
