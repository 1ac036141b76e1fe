"""``seen.jsonl`` and ``traits.json``: what is written is read, and nothing else gets through."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cautery.errors import InputError, SourceError
from cautery.formats import seen as seen_module
from cautery.formats.seen import read_seen, read_trait_sets, seen_lines, trait_sets_json
from cautery.messages import message
from cautery.model.descent import Trait, TraitKind, TraitSeen, TraitSet
from cautery.model.message import Message

ROW = {
    "entity": "new-tv.example",
    "kind": "hoster",
    "value": "as64500",
    "day": "2026-03-01",
    "source": "passive-dns",
}
STRUCK = TraitSet(
    of="case-1",
    acted_on=date(2026, 3, 1),
    traits=(Trait(kind=TraitKind.SITE_NAME, value="arène-tv", times=2),),
    members=("old-tv.example",),
)


def read(*rows: object) -> tuple[list[TraitSeen], list[str]]:
    raw = b"".join(
        row if isinstance(row, bytes) else json.dumps(row).encode() + b"\n" for row in rows
    )
    out = list(read_seen([raw]))
    traits = [one for one in out if isinstance(one, TraitSeen)]
    return traits, [one.why.id for one in out if not isinstance(one, TraitSeen)]


def test_what_is_written_is_read() -> None:
    seen = [
        TraitSeen(
            entity="new-tv.example",
            kind=kind,
            value="värde | 1",
            day=date(2026, 3, 1),
            source="watch",
            exhibit="sha256:" + "a" * 64,
        )
        for kind in TraitKind
    ]
    assert list(read_seen(seen_lines(seen))) == seen


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "telephone"},
        {"kind": 7},
        {"entity": "two words"},
        {"entity": None},
        {"entity": "1.2.3.4.5.6.7.256"},
        {"value": ""},
        {"value": "a\u202eb"},
        {"value": ["as1"]},
        {"value": "x" * 9000},
        {"day": "2026-02-30"},
        {"day": "20260301"},
        {"day": "2026-W09-7"},
        {"day": 20260301},
        {"source": "A B"},
        {"exhibit": "nope"},
        {"exhibit": 1},
    ],
)
def test_a_line_that_is_no_trait_is_a_warning_and_the_next_is_read(change: dict) -> None:
    traits, warnings = read({**ROW, **change}, ROW)
    assert [trait.value for trait in traits] == ["as64500"]
    assert warnings == ["unread.trait"]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"[1]\n", "unread.trait"),
        (b"{" * 100_000 + b"\n", "unread.not-json"),
        (b"nonsense\n", "unread.not-json"),
        (b'{"entity": "\xff\xfe"}\n', "unread.trait"),
        (b'{"value": "' + b"x" * 20_000_000 + b'"}\n', "unread.long-line"),
    ],
)
def test_a_hostile_line_is_a_warning(line: bytes, why: str) -> None:
    traits, warnings = read(ROW, line, ROW)
    assert len(traits) == 2
    assert warnings == [why]


def test_entities_have_one_spelling() -> None:
    traits, _ = read(
        {**ROW, "entity": "NEW-tv.Example."},
        {**ROW, "entity": "0x7f.1"},
        {**ROW, "entity": "bücher.example"},
    )
    assert [trait.entity for trait in traits] == [
        "new-tv.example",
        "127.0.0.1",
        "xn--bcher-kva.example",
    ]


@pytest.mark.parametrize(
    "value", ["write to anna@mail.example", "call +39 347 123 4567", "DE89370400440532013000"]
)
def test_a_value_with_a_person_in_it_is_left_out_and_not_quoted(value: str) -> None:
    row = {**ROW, "kind": "payment-end", "value": value}
    [warning] = read_seen([json.dumps(row).encode()])
    assert warning.why.id == "unread.trait-of-a-person"
    assert value not in repr(warning)


def test_there_is_an_end_to_a_file() -> None:
    out = list(read_seen([json.dumps(ROW).encode() + b"\n"] * 5, most=3))
    assert [type(one).__name__ for one in out] == ["TraitSeen"] * 3 + ["ReadWarning"]


def test_a_page_is_no_file_of_traits() -> None:
    with pytest.raises(SourceError):
        list(read_seen([b"<!doctype html><html>"]))


@given(st.binary(max_size=300))
def test_any_bytes_come_to_an_end(raw: bytes) -> None:
    with contextlib.suppress(SourceError):
        list(read_seen([raw]))


def test_trait_sets_go_to_a_file_and_back() -> None:
    assert read_trait_sets([trait_sets_json([STRUCK])]) == (STRUCK,)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{}",
        b"[]",
        b"[1]",
        b'[{"of": "x"}]',
        b"[" * 100_000,
        trait_sets_json([STRUCK]).replace(b"\n]", b"," + trait_sets_json([STRUCK])[1:-3] + b"]"),
        b'{"one": ' + trait_sets_json([STRUCK])[1:-3] + b"}",
        trait_sets_json([STRUCK])[:-3],
        trait_sets_json([STRUCK]).replace(b"2026-03-01", b"someday"),
        trait_sets_json([STRUCK]).replace(b"site-name", b"telephone"),
        b"\xff\xfe\x00",
    ],
)
def test_what_is_no_trait_sets_is_refused(raw: bytes) -> None:
    with pytest.raises(InputError):
        read_trait_sets([raw])


def sets_of(count: int, *, traits: int = 1, members: int = 0) -> list[TraitSet]:
    return [
        TraitSet(
            of=f"net-{number}",
            acted_on=date(2026, 3, 1),
            traits=tuple(Trait(kind=TraitKind.HOSTER, value=f"as{n}") for n in range(traits)),
            members=tuple(f"m{n}.example" for n in range(members)),
        )
        for number in range(count)
    ]


@pytest.mark.parametrize(
    ("limit", "most", "sets", "said"),
    [
        ("MOST_SETS", 2, sets_of(3), "more than 2 networks"),
        ("MOST_TRAITS_OF_ALL", 5, sets_of(3, traits=2), "more than 5 traits"),
        ("MOST_MEMBERS_OF_ALL", 5, sets_of(3, members=2), "more than 5 members"),
        ("MOST_SET_CHARACTERS", 40_000, sets_of(1, traits=3_000), "too long|characters of traits"),
        ("MOST_SETS_BYTES", 99, sets_of(3), "larger than 99 bytes"),
    ],
)
def test_what_would_not_be_read_is_not_written(
    monkeypatch: pytest.MonkeyPatch, limit: str, most: int, sets: list[TraitSet], said: str
) -> None:
    raw = trait_sets_json(sets)
    monkeypatch.setattr(seen_module, limit, most)
    with pytest.raises(InputError, match=said):
        read_trait_sets(raw[at : at + 7] for at in range(0, len(raw), 7))
    with pytest.raises(InputError, match=said):
        trait_sets_json(sets)


def test_no_network_is_held_before_the_first_that_is_none_is_refused() -> None:
    read = 0

    def chunks() -> Iterator[bytes]:
        nonlocal read
        yield b"["
        while read < 1_000:
            read += 1
            yield b'{"":0},' * 9_000

    with pytest.raises(InputError):
        read_trait_sets(chunks())
    assert read < 5


def test_a_network_of_many_pieces_is_read_whole() -> None:
    [struck] = sets_of(1, traits=3_000, members=3_000)
    raw = trait_sets_json([struck, STRUCK])
    assert len(raw) > 150_000
    assert read_trait_sets(raw[at : at + 999] for at in range(0, len(raw), 999)) == (struck, STRUCK)


def test_traits_of_others_that_name_a_person_are_left_out_and_counted() -> None:
    digest = Trait(kind=TraitKind.TEMPLATE, value="sha256:" + "a1" * 32)
    told = [
        Trait(kind=TraitKind.SITE_NAME, value="whatsapp +39 333 1234567"),
        Trait(kind=TraitKind.PAYMENT_END, value="mario.rossi@example.com"),
        Trait(kind=TraitKind.PAYMENT_SERVICE, value="pay anna@mail.example"),
    ]
    mixed = replace(STRUCK, of="mixed", traits=(*STRUCK.traits, *told, digest))
    only = replace(STRUCK, of="only", traits=tuple(told))
    left_out: Counter[Message] = Counter()
    [read] = read_trait_sets([trait_sets_json([mixed, only])], left_out=left_out)
    assert read == replace(mixed, traits=(*STRUCK.traits, digest))
    assert left_out == {message("grown.left-person"): 6}


def test_so_much_text_of_others_is_looked_through_and_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    raw = trait_sets_json([STRUCK])
    monkeypatch.setattr(seen_module, "MOST_WRITTEN_CHARACTERS", len(STRUCK.traits[0].value))
    assert read_trait_sets([raw], left_out=Counter()) == (STRUCK,)
    monkeypatch.setattr(seen_module, "MOST_WRITTEN_CHARACTERS", len(STRUCK.traits[0].value) - 1)
    with pytest.raises(InputError, match="characters of names, prices and titles"):
        read_trait_sets([raw], left_out=Counter())
    assert read_trait_sets([raw]) == (STRUCK,)  # sealed, so screened before


def test_a_digest_of_a_template_is_no_person() -> None:
    traits, warnings = read({**ROW, "kind": "template", "value": "sha256:" + "a1" * 32})
    assert len(traits) == 1
    assert not warnings
