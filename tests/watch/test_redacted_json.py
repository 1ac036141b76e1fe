"""What ``cautery read`` and ``diff`` print holds no credential, however many texts a list has."""

from __future__ import annotations

import json

import pytest

from cautery.model import KeyedPseudonyms
from cautery.watch import redacted_json

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
