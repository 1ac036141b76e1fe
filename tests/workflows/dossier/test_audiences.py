"""Who asks for one host is shown no record of another."""

from __future__ import annotations

import base64
import json
from types import SimpleNamespace

import pytest

from cautery.model import KeyedPseudonyms, RedactedUrl
from cautery.model.records.kinds import typed
from cautery.workflows.dossier.audiences import SHOWN, Audience, hosts_named, names_no_host
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
    assert (names_no_host(kind) or hosts_named(content, {}) == {HOST}) is shown


def test_media_of_a_reference_are_left_out_whatever_form_they_have() -> None:
    digest = "sha256:" + 64 * "a"
    leaf = b'{"body":{"reference_media":{"id":"%s"},"url":"http://a.example/"}}' % digest.encode()
    made = extract_of(
        [(0, "alignment", leaf)], SHOWN[Audience.HOSTER], hosts=frozenset(), salt=bytes
    )
    assert len(made.shown) == 1
    assert made.exhibits == frozenset()


@pytest.mark.parametrize(
    "more",
    [
        {"hosts": ["edge.example", "cdn.other.example"]},
        {"shown": [{"host": "CDN.other.example", "shows": []}]},
        {"observation": {"served": "http://cdn.other.example:8080/1.ts"}},
        {"redirected_to": "https://cdn.other.example/x"},
        {"failed": {"id": "x", "values": {"detail": "cdn.other.example: no connection"}}},
        {"failed": {"id": "x", "values": {"detail": "see rtmp://cdn.other.example/a, please"}}},
        {"failed": {"id": "x", "values": {"target": "CDN.other.example."}}},
        {"served": "http://edge.example/http:/cdn.other.example/1.ts"},
        {"served": "http://edge.example/r?u=http%253A%252F%252Fcdn.other.example%252F1.ts"},
        {
            "served": "http://edge.example/r?u="
            + base64.b64encode(b"http://cdn.other.example").decode()
        },
        {"served": "http://edge.example/r?u=//cdn.other.example/1.ts"},
        {"served": "http://edge.example/1.ts?from=cdn.other.example"},
        {"served": "http://edge.example/proxy/cdn.other.example/1.ts"},
        {"failed": {"id": "x", "values": {"detail": "CDN\u3002other\uff0eexample refused"}}},
    ],
)
def test_every_host_that_a_record_names_counts(more: dict[str, object]) -> None:
    body = {"url": "http://edge.example/a", **more}
    named = hosts_named(at("http://edge.example/a"), body)
    assert named == {HOST, "cdn.other.example"}


@pytest.mark.parametrize(
    ("words", "host"),
    [
        ("[2001:DB8:0::7]:80 refused", "2001:db8::7"),
        ("2001:db8::7: refused", "2001:db8::7"),
        ("203.0.113.9:80 refused", "203.0.113.9"),
        ("http://3405803785/ refused", "203.0.113.9"),
        ("\u043f\u0438\u0440\u0430\u0442.\u0440\u0444 refused", "xn--80apufl.xn--p1ai"),
        ("http://intranet: refused", "intranet"),
    ],
)
def test_a_host_counts_in_its_one_spelling(words: str, host: str) -> None:
    assert hosts_named(at("http://edge.example/a"), {"why": words}) == {HOST, host}


def test_files_versions_digests_times_and_ids_are_no_hosts() -> None:
    body = {
        "url": "http://EDGE.example.:8080/live/~0123456789abcdef/index.m3u8?v=1.2&t=1.ts",
        "at": "2026-11-24T12:00:00.5Z",
        "exhibits": ["sha256:" + 64 * "a"],
        "channels": ["Canal.fr"],
        "failed": {
            "id": "probe.no-media",
            "values": {"late_s": 1.5, "detail": "12:00:00 late.m3u8"},
        },
    }
    assert hosts_named(at(body["url"]), body) == {HOST}


def test_a_record_that_names_a_further_host_is_held_back_and_the_host_is_told() -> None:
    alone = {"at": "2026-11-24T12:00:00Z", "url": "http://edge.example/a", "observation": None,
             "failed": None, "hosts": [HOST], "shown": [], "faults": [], "exhibits": [],
             "hindered": None, "redirected_to": None}  # fmt: skip
    leaves = [
        (number, "probe.done", json.dumps({"body": alone | {"hosts": hosts}}).encode())
        for number, hosts in enumerate(([HOST], [HOST, "cdn.other.example"]))
    ]
    rule = SHOWN[Audience.HOSTER]
    made = extract_of(leaves, rule, hosts=frozenset((HOST,)), salt=bytes)
    assert [index for index, *_ in made.shown] == [0]
    assert made.others == {"cdn.other.example": 1}
    both = extract_of(leaves, rule, hosts=frozenset((HOST, "cdn.other.example")), salt=bytes)
    assert [index for index, *_ in both.shown] == [0, 1]
    assert both.others == {}
