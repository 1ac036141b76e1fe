"""Each thing in a list has one spelling; others are refused by the rule `form`."""

import json
from datetime import timedelta

import pytest
from provider_lists import (
    NOON,
    TRUST,
    canonical,
    entry,
    envelope,
    referral,
    referral_text,
    version_text,
)

from cautery_provider.rules import Refused
from cautery_provider.verifier import verify

OTHER = referral_text(entry("other.example"), name="R-2")


def of_text(text):
    """An envelope of a version that names a referral of any text."""
    return envelope(version_text(texts=[text]), [referral(text)])


def rule_of(body):
    with pytest.raises(Refused) as refused:
        verify(body, TRUST, None, NOON)
    return refused.value.rule


SPELLINGS = {
    "no-json": "{",
    "key-twice": '{"a":1,"a":1}',
    "a-float": referral_text(entry("a.example")).replace("null", "120.0"),
    "an-exponent": referral_text(entry("a.example")).replace("null", "12e1"),
    "minus-zero": referral_text(entry("a.example")).replace("null", "-0"),
    "zero": referral_text(entry("a.example")).replace("null", "0"),
    "true": referral_text(entry("a.example")).replace("null", "true"),
    "not-a-number": referral_text(entry("a.example")).replace("null", "NaN"),
    "huge": referral_text(entry("a.example")).replace("null", "9" * 5_000),
    "over-53-bits": referral_text(entry("a.example")).replace("null", str(2**53)),
    "a-space": referral_text(entry("a.example")).replace('":"', '": "', 1),
    "keys-unsorted": json.dumps(dict(reversed(json.loads(OTHER).items())), separators=(",", ":")),
    "escaped": referral_text(entry("a.example")).replace("AGCOM 1", "\\u0041GCOM 1"),
    "escaped-slash": referral_text(entry("a.example")).replace("1/26", "1\\/26"),
    "half-a-pair": referral_text(entry("a.example")).replace("AGCOM 1", "\\ud800"),
    "byte-order-mark": "\ufeff" + OTHER,
    "deep": "[" * 100_000,
    "a-key-more": referral_text(entry("a.example"), url="x"),
    "a-key-less": canonical({"type": "cautery/referral/1"}),
    "other-type": referral_text(entry("a.example"), type="cautery/referral/2"),
    "no-name": referral_text(entry("a.example"), referral=""),
    "long-name": referral_text(entry("a.example"), referral="R" * 1_001),
    "a-number-as-name": referral_text(entry("a.example"), order=5),
    "short-digest": referral_text(entry("a.example"), grounds="sha256:00"),
    "a-day": referral_text(entry("a.example"), end="2026-03-14"),
    "offset": referral_text(entry("a.example"), end="2026-03-14T12:00:00+00:00"),
    "31-february": referral_text(entry("a.example"), end="2026-02-31T12:00:00Z"),
    "leap-second": referral_text(entry("a.example"), end="2026-12-31T23:59:60Z"),
    "other-digits": referral_text(entry("a.example"), end="\uff12026-03-14T12:00:00Z"),
    "entry-twice": referral_text(entry("a.example"), entry("a.example")),
    "entries-no-array": referral_text(entries={}),
    "entry-later": referral_text(entry("a.example", end=NOON + timedelta(days=31))),
    "lever-url": referral_text(entry("a.example", lever="url")),
    "unsorted": referral_text(entries=[entry("b.example"), entry("a.example")]),
}
TARGETS = {
    "upper": "A.example",
    "final-dot": "a.example.",
    "empty-label": "a..example",
    "wildcard": "*.example",
    "space": "a b.example",
    "new-line": "a.example\n",
    "idn": "münchen.example",
    "other-letters": "аpple.example",  # noqa: RUF001 - a Cyrillic letter
    "hyphen-first": "-a.example",
    "label-of-64": "a" * 64 + ".example",
    "name-of-254": ".".join(["a" * 49] * 5) + ".aaaa",
    "address-as-name": "192.0.2.7",
    "quote": 'a".example',
    "semicolon": "a;b.example",
}
ADDRESSES = {
    "network": "192.0.2.0/24",
    "leading-zero": "192.0.2.07",
    "short": "192.0.2",
    "number": "3221225991",
    "upper": "2001:DB8::1",
    "uncompressed": "2001:db8:0:0:0:0:0:1",
    "zero-run-of-one": "2001:db8::1:1:1:1:1",
    "mapped": "::ffff:192.0.2.7",
    "mapped-hex": "::ffff:c000:207",
    "zone": "fe80::1%eth0",
    "space": " 192.0.2.7",
    "name": "a.example",
}


@pytest.mark.parametrize("text", SPELLINGS.values(), ids=SPELLINGS)
def test_a_referral_that_is_spelled_otherwise_is_refused(text):
    assert rule_of(of_text(text)) == "form"


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_a_name_that_is_spelled_otherwise_is_refused(target):
    assert rule_of(of_text(referral_text(entry(target)))) == "form"


@pytest.mark.parametrize("target", ADDRESSES.values(), ids=ADDRESSES)
def test_an_address_that_is_spelled_otherwise_is_refused(target):
    assert rule_of(of_text(referral_text(entry(target, lever="address")))) == "form"


@pytest.mark.parametrize("target", ["a.example", "xn--mnchen-3ya.example", "_x.a-b.example"])
def test_a_name_in_its_only_spelling_is_taken(target):
    assert verify(of_text(referral_text(entry(target))), TRUST, None, NOON)


@pytest.mark.parametrize("target", ["192.0.2.7", "2001:db8::1", "2001:db8:0:1:1:1:1:1"])
def test_an_address_in_its_only_spelling_is_taken(target):
    assert verify(of_text(referral_text(entry(target, lever="address"))), TRUST, None, NOON)
