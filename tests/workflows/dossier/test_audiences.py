"""Who asks for one host is shown no record of another."""

from __future__ import annotations

import pytest

from cautery.workflows.dossier.audiences import SHOWN, Audience, about
from cautery.workflows.dossier.extract import extract_of

ONE = frozenset(("edge.example",))


@pytest.mark.parametrize(
    ("kind", "body", "shown"),
    [
        ("verdict", {"url": {"text": "http://edge.example/a"}}, True),
        ("probe.done", {"url": "http://EDGE.example:8080/a"}, True),
        ("verdict", {"url": {"text": "http://other.example/edge.example"}}, False),
        ("verdict", {"url": {"text": "http://edge.example.other/"}}, False),
        ("verdict", {"url": {"text": "http://[::1"}}, False),
        ("verdict", {"url": {"text": 5}}, False),
        ("referral.drafted", {"targets": ["edge.example", "other.example"]}, False),
        ("list.sent", {}, False),
        ("error.rate", {"what": "a rate"}, True),
    ],
)
def test_a_record_is_about_a_host_by_its_url_alone(kind: str, body: dict, *, shown: bool) -> None:
    assert about(kind, body, ONE) is shown
    assert about(kind, body, frozenset())


def test_media_of_a_reference_are_left_out_whatever_form_they_have() -> None:
    digest = "sha256:" + 64 * "a"
    leaf = b'{"body":{"reference_media":{"id":"%s"},"url":"http://a.example/"}}' % digest.encode()
    made = extract_of(
        [(0, "alignment", leaf)], SHOWN[Audience.HOSTER], hosts=frozenset(), salt=bytes
    )
    assert len(made.shown) == 1
    assert made.exhibits == frozenset()
