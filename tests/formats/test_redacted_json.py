"""What ``cautery read`` and ``diff`` print holds no credential, however many texts a list has."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import quote

import pytest

from cautery.formats import READERS, ReadWarning, redacted_json, redacted_text
from cautery.model import KeyedPseudonyms

URL = "http://anna:s3cret@p.example/get.php?username=anna&password=s3cret"
MAIL = "anna@mail.example"


@pytest.mark.parametrize("others", range(4))
@pytest.mark.parametrize("text", [URL, MAIL, f"Renew: {MAIL}"])
def test_a_credential_is_hidden_at_each_place_of_a_list(text: str, others: int) -> None:
    for place in range(others + 1):
        texts = ["http://p.example/"] * others
        texts.insert(place, text)
        shown = json.dumps(redacted_json({"links": texts}, KeyedPseudonyms(b"k" * 32)))
        assert "s3cret" not in shown
        assert "anna" not in shown


def test_a_text_with_the_options_of_rtmp_hides_their_words() -> None:
    text = "rtmp://p.example/app playpath=x pubUser=anna pubPasswd=s3cret conn=S:s3cret live=1"
    shown = str(redacted_json([text], KeyedPseudonyms(b"k" * 32)))
    assert "s3cret" not in shown
    assert "anna" not in shown
    assert "playpath=x" in shown


def _php(text: str) -> str:
    return text.replace("/", "\\/")


SPELLINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "quoted": lambda text: quote(text, safe=""),
    "quoted twice": lambda text: quote(quote(text, safe=""), safe=""),
    "in JSON of PHP": _php,
    "in a value of JSON": lambda text: json.dumps({"url": text}).replace("/", "\\/"),
    "quoted by Python": lambda text: repr({"url": _php(text)}),
    "unicode": lambda text: text.replace("/", "\\u002f"),
    "entities": lambda text: text.replace("/", "&#47;").replace(":", "&#x3a;"),
}
LINES = (
    "http://p.example/live/anna77/S3cretW0rd!x/17.ts",
    "http://p.example/anna77/S3cretW0rd!x/17",
    "http://anna77:S3cretW0rd!x@p.example/1.ts",
    "http://p.example/get.php?username=anna77&password=S3cretW0rd!x",
    "//p.example/live/anna77/S3cretW0rd!x/17.ts",
    "p.example/live/anna77/S3cretW0rd!x/17.ts",
    "/live/anna77/S3cretW0rd!x/17.ts",
)


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_login_in_a_url_is_hidden_however_its_slashes_are_written(
    line: str, spelling: str
) -> None:
    shown = redacted_text(f"Arena 1 {SPELLINGS[spelling](line)}", KeyedPseudonyms(b"k" * 32))
    assert "S3cret" not in shown
    assert "anna77" not in shown
    assert shown.startswith("Arena 1 ")


@pytest.mark.parametrize(
    "text", ["AC\\/DC live", "50\\/50", "https:\\/\\/shop.example\\/tv", "a%2Fb", "1%3A2"]
)
def test_a_text_without_a_login_stays_as_it_is_written(text: str) -> None:
    assert redacted_text(text, KeyedPseudonyms(b"k" * 32)) == text


@pytest.mark.parametrize("line", LINES[:4])
def test_the_quote_of_a_broken_record_of_a_panel_shows_no_login(line: str) -> None:
    body = f'[{{"name": "A", "direct_source": "{_php(line)}", oops}}, {{"name": "B"}}]'
    warnings = [
        value for value in READERS["xtream"].values([body.encode()], "")
        if isinstance(value, ReadWarning)
    ]  # fmt: skip
    assert any("S3cret" in warning.quoted for warning in warnings)
    for warning in warnings:
        shown = redacted_text(warning.quoted, KeyedPseudonyms(b"k" * 32))
        assert "S3cret" not in shown
        assert "anna77" not in shown
