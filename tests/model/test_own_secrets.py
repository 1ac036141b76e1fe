"""Secrets of our own that a stranger sends back are hidden however they are written."""

from __future__ import annotations

import base64
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cautery.model import KeyedPseudonyms, Source
from cautery.model.own_secrets import OwnSecrets, secrets_in

KEYED = KeyedPseudonyms(b"k" * 32)
WORD = "Ge/he1m?"
STANDS = "~" + KEYED.of(WORD)


@pytest.fixture
def own() -> OwnSecrets:
    own = OwnSecrets(KEYED)
    own.add([WORD, "anna7", "123456"])
    return own


@pytest.mark.parametrize(
    "written",
    [
        WORD,
        WORD.upper(),
        quote(WORD, safe=""),
        quote(quote(WORD, safe=""), safe=""),
        "".join(f"%{ord(one):02X}" for one in WORD),
        WORD.encode().hex(),
        WORD.encode().hex().upper(),
    ],
)
def test_a_secret_is_hidden_however_it_is_written(own: OwnSecrets, written: str) -> None:
    assert own.scrubbed(f"VIP {written}HD") == f"VIP {STANDS}HD"


@pytest.mark.parametrize("before", ["", "a", "an", "anna77:"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_a_secret_is_hidden_wherever_it_stands_in_base64(
    own: OwnSecrets, before: str, encode: Callable[[bytes], bytes]
) -> None:
    assert STANDS in own.scrubbed(encode((before + WORD + "~~").encode()).decode())


@pytest.mark.parametrize(
    "text",
    [
        "anna7",
        "sha256:" + "123456" * 10 + "abcd",
        "123456" * 10 + "abcd",
        "~1234567890123456",
        "2026-11-28T09:20:00.123456Z",
        "Sport",
    ],
)
def test_what_holds_a_secret_by_chance_stays(own: OwnSecrets, text: str) -> None:
    assert own.scrubbed(text) == text


def test_with_no_secret_everything_stays() -> None:
    assert OwnSecrets(KEYED).scrubbed("Sport 123456") == "Sport 123456"


def test_secrets_of_a_source_are_those_that_no_record_shows() -> None:
    urls = {
        "http://anna77:gehe1m@panel.example/get.php?username=bob123&password=s3cret": {
            "anna77", "gehe1m", "bob123", "s3cret",
        },
        "http://panel.example/live/anna77/gehe1m/17.ts": {"anna77", "gehe1m"},
        "http://panel.example/sports/football/17.ts": set(),
        "http://anna77.example/get.php?username=anna77": set(),
    }  # fmt: skip
    for url, found in urls.items():
        assert set(secrets_in(Source(location=url, kind="m3u"))) == found  # type: ignore[arg-type]
    line = Source(location="http://a.example/", kind="xtream", username="anna77", password="xtream")  # type: ignore[arg-type]
    assert set(secrets_in((line,))) == {"anna77"}


@given(
    st.lists(st.text(st.characters(max_codepoint=0x17F), min_size=6, max_size=9), max_size=3),
    st.binary(max_size=40),
    st.binary(max_size=40),
    st.data(),
)
def test_bytes_are_searched_as_the_text_that_each_of_them_is_a_letter_of(
    secrets: list[str], before: bytes, after: bytes, data: st.DataObject
) -> None:
    own = OwnSecrets(KEYED)
    own.add(secrets)
    middle = data.draw(
        st.sampled_from([b"", *(secret.encode("latin-1", "replace") for secret in secrets)])
    )
    payload = (
        before + data.draw(st.sampled_from([middle, middle.upper(), middle.hex().encode()])) + after
    )
    text = payload.decode("latin-1")
    assert own.stand_in(payload) == (own.scrubbed(text) != text)


def test_a_secret_is_found_in_bytes_in_any_case_and_form(own: OwnSecrets) -> None:
    for written in (WORD, WORD.upper(), quote(WORD, safe=""), WORD.encode().hex()):
        assert own.stand_in(b"G\x00\xff" + written.encode() + b"\x80")
    assert not own.stand_in(b"G\x00\xff" + WORD[:-1].encode() + b"\x80")
