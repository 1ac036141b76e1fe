"""Who asks for one host is shown no record of another."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from cautery.model import KeyedPseudonyms, RedactedUrl
from cautery.model.records.kinds import typed
from cautery.workflows.dossier.audiences import SHOWN, Audience, host_of, names_no_host
from cautery.workflows.dossier.extract import extract_of

HOST = "edge.example"


def at(url: object) -> SimpleNamespace:
    return SimpleNamespace(url=url)


@pytest.mark.parametrize(
    ("kind", "content", "shown"),
    [
        ("verdict", at(RedactedUrl.of("http://edge.example/a", KeyedPseudonyms(b"k"))), True),
        ("dark.probed", at("http://EDGE.example:8080/a"), True),
        ("verdict", at("http://other.example/edge.example"), False),
        ("verdict", at("http://edge.example.other/"), False),
        ("verdict", at("http://[::1"), False),
        ("verdict", at(5), False),
        ("verdict", typed("verdict", {"url": {"text": "http://edge.example/a"}}), False),
        ("referral.drafted", SimpleNamespace(targets=("edge.example", "other.example")), False),
        ("list.sent", SimpleNamespace(), False),
        ("error.rate", typed("error.rate", {"what": "a rate"}), True),
    ],
)
def test_a_record_is_about_a_host_by_its_url_alone(
    kind: str, content: object, *, shown: bool
) -> None:
    assert (names_no_host(kind) or host_of(content) == HOST) is shown


def test_media_of_a_reference_are_left_out_whatever_form_they_have() -> None:
    digest = "sha256:" + 64 * "a"
    leaf = b'{"body":{"reference_media":{"id":"%s"},"url":"http://a.example/"}}' % digest.encode()
    made = extract_of(
        [(0, "alignment", leaf)], SHOWN[Audience.HOSTER], hosts=frozenset(), salt=bytes
    )
    assert len(made.shown) == 1
    assert made.exhibits == frozenset()
