"""A list's secrets are asked about at once, and read as if each had been asked about alone."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cautery.errors import InputError
from cautery.formats import redacted_text
from cautery.model import KeyedPseudonyms, RedactedUrl
from cautery.model.stand_ins import StandIns, settling

KEY = KeyedPseudonyms(b"k" * 32)
MARK = "5eedc0de"
URLS = [
    "http://panel.example/live/anna/s3cret/17.ts",
    "http://bob:word@panel.example/get.php?username=bob&password=word&u=/live/a1b/c2d/9.ts",
    "http://panel.example/play?token=Abc123Abc123Abc123Abc123&next=http%3A%2F%2Fx.example%2F%3Fmac%3D00%3A1A%3A79%3A00%3A00%3A01",
    "http://plain.example/sports.m3u",
]


class Counted:
    """Counts the questions that reach the key."""

    def __init__(self) -> None:
        self.questions = 0

    def of(self, secret: str, *, digits: int = 16) -> str:
        self.questions += 1
        return KEY.of(secret, digits=digits)

    def all_of(self, secrets: Sequence[str]) -> tuple[str, ...]:
        self.questions += 1
        return KEY.all_of(secrets)


def settled(
    texts: list[str], stand_ins: StandIns, pseudonyms: Counted | KeyedPseudonyms = KEY
) -> list[str]:
    return list(map(settling(MARK, pseudonyms.all_of(stand_ins.secrets)), texts))


def later(urls: list[str], pseudonyms: Counted | KeyedPseudonyms = KEY) -> list[str]:
    stand_ins = StandIns(MARK)
    return settled([RedactedUrl.of(url, stand_ins).text for url in urls], stand_ins, pseudonyms)


def test_urls_read_as_if_each_had_been_asked_about_alone() -> None:
    assert later(URLS) == [RedactedUrl.of(url, KEY).text for url in URLS]


def test_thousands_of_entries_cost_one_question() -> None:
    counted = Counted()
    later([f"http://panel.example/live/user{n}/word{n}/{n}.ts" for n in range(2_000)], counted)
    assert counted.questions == 1


@given(st.lists(st.from_regex(r"https?://[a-z]{1,9}(/[ -~]{0,40})?", fullmatch=True), max_size=9))
def test_any_urls_read_as_if_each_had_been_asked_about_alone(urls: list[str]) -> None:
    try:
        expected = [RedactedUrl.of(url, KEY).text for url in urls]
    except InputError:
        return
    assert later(urls) == expected


@given(st.lists(st.text(), max_size=9))
def test_any_titles_read_as_if_each_had_been_asked_about_alone(titles: list[str]) -> None:
    stand_ins = StandIns(MARK)
    found = settled([redacted_text(title, stand_ins) for title in titles], stand_ins)
    assert found == [redacted_text(title, KEY) for title in titles]


def test_a_number_that_no_secret_has_stays_as_it_is() -> None:
    assert settling(MARK, ["a" * 16])(f"~{MARK}00000000 ~{MARK}00000001 {MARK}") == (
        f"~{'a' * 16} ~{MARK}00000001 {MARK}"
    )


@pytest.mark.parametrize("mark", ["", ".{8}", "5EEDC0DE", "5eedc0de0"])
def test_a_mark_is_eight_hex_digits_and_no_pattern(mark: str) -> None:
    with pytest.raises(InputError, match="eight hex digits"):
        StandIns(mark)
    with pytest.raises(InputError, match="eight hex digits"):
        settling(mark, ())


def test_a_stand_in_of_another_length_is_refused() -> None:
    with pytest.raises(InputError, match="16 digits"):
        StandIns(MARK).of("anna", digits=12)
