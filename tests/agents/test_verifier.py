"""What the provider's verifier takes and refuses, rule by rule."""

import ast
import base64
import json
import random
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from provider_lists import (
    ANNA,
    BRUNO,
    CARLA,
    LIST_KEY,
    NAMES,
    NOON,
    TRUST,
    approval,
    canonical,
    digest,
    entry,
    envelope,
    referral,
    referral_text,
    signed,
    version_text,
)

from cautery_provider import ed25519, readers, strict, verifier
from cautery_provider.ed25519 import read_public_key
from cautery_provider.keys import Trust
from cautery_provider.rules import Refused
from cautery_provider.verifier import verify

TEXT = referral_text(
    entry("pirate.example"), entry("192.0.2.7", lever="address", stale_s=120), name="R-è"
)
OTHER = referral_text(entry("other.example"), name="R-2")


def first(**changes):
    return envelope(version_text(texts=[TEXT], **changes), [referral(TEXT)])


def rule_of(body, *, before=None, now=NOON, trust=TRUST):
    with pytest.raises(Refused) as refused:
        verify(body, trust, before, now)
    return refused.value.rule


def of_text(text):
    """An envelope of a version that names a referral of any text."""
    return envelope(version_text(texts=[text]), [referral(text)])


def test_a_list_that_two_people_signed_is_accepted():
    accepted = verify(first(), TRUST, None, NOON)
    assert accepted.version.number == 1
    assert [row.target for row in accepted.referrals[digest(TEXT)].entries] == [
        "192.0.2.7",
        "pirate.example",
    ]


def test_a_provider_can_read_the_verifier_on_one_page():
    lines = Path(verifier.__file__).read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 60


def test_the_package_imports_nothing_of_cautery_and_two_libraries_alone():
    folder = Path(verifier.__file__).parent
    wanted = {"cautery_provider", "cryptography", "dns"}
    imported = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add((node.module or "").partition(".")[0])
    assert imported - set(sys.stdlib_module_names) == wanted


def test_a_version_by_another_key_is_refused():
    body = envelope(version_text(texts=[TEXT]), [referral(TEXT)], key=CARLA)
    assert rule_of(body) == "list-key"


@pytest.mark.parametrize(
    "changes", [{"list": "L-2"}, {"provider": "Other"}, {"territory": "FR"}], ids=str
)
def test_a_list_for_others_is_refused(changes):
    assert rule_of(first(**changes)) == "list-name"


def test_a_version_before_the_last_is_refused():
    before = verify(first(number=3), TRUST, None, NOON)
    assert rule_of(first(number=2), before=before) == "version-old"


def test_the_same_version_again_changes_nothing():
    before = verify(first(), TRUST, None, NOON)
    assert verify(first(), TRUST, before, NOON) == before


def test_another_version_of_the_same_number_is_refused():
    before = verify(first(), TRUST, None, NOON)
    body = first(made_at=NOON + timedelta(seconds=1))
    assert rule_of(body, before=before, now=NOON + timedelta(seconds=1)) == "version-forked"


@pytest.mark.parametrize("previous", [None, digest("another")])
def test_a_next_version_that_does_not_follow_is_refused(previous):
    before = verify(first(), TRUST, None, NOON)
    assert rule_of(first(number=2, previous=previous), before=before) == "version-forked"


def test_a_provider_that_missed_versions_takes_the_newest():
    before = verify(first(), TRUST, None, NOON)
    body = first(number=9, previous=digest("the eighth"))
    assert verify(body, TRUST, before, NOON).version.number == 9


@pytest.mark.parametrize(("ahead_s", "accepted"), [(120, True), (121, False)])
def test_a_version_may_be_ahead_of_the_clock_by_two_minutes(ahead_s, accepted):
    body = first(made_at=NOON + timedelta(seconds=ahead_s))
    if accepted:
        assert verify(body, TRUST, None, NOON)
    else:
        assert rule_of(body) == "time"


def test_a_version_that_was_made_before_the_last_is_refused():
    before = verify(first(), TRUST, None, NOON)
    body = first(number=5, made_at=NOON - timedelta(seconds=1))
    assert rule_of(body, before=before) == "time"


def test_a_referral_that_was_never_sent_is_missed():
    body = envelope(version_text(texts=[TEXT, OTHER]), [referral(TEXT)])
    assert rule_of(body) == "referral-missing"


def test_a_referral_that_is_known_need_not_be_sent_again():
    before = verify(first(), TRUST, None, NOON)
    text = version_text(number=2, previous=before.digest, texts=[TEXT, OTHER])
    accepted = verify(envelope(text, [referral(OTHER)]), TRUST, before, NOON)
    assert set(accepted.referrals) == {digest(TEXT), digest(OTHER)}


def test_a_referral_that_was_dropped_is_forgotten():
    before = verify(first(), TRUST, None, NOON)
    none = version_text(number=2, previous=before.digest)
    emptied = verify(envelope(none, []), TRUST, before, NOON)
    again = version_text(number=3, previous=emptied.digest, texts=[TEXT])
    assert rule_of(envelope(again, []), before=emptied) == "referral-missing"


def test_a_referral_that_no_version_names_is_refused():
    body = envelope(version_text(texts=[TEXT]), [referral(TEXT), referral(OTHER)])
    assert rule_of(body) == "form"


@pytest.mark.parametrize(
    "approvals",
    [
        [],
        [approval(ANNA, digest(TEXT))],
        [approval(ANNA, digest(TEXT)), approval(ANNA, digest(TEXT), role="judge")],
        [approval(ANNA, digest(TEXT)), approval(CARLA, digest(TEXT))],
        [approval(ANNA, digest(TEXT)), approval(LIST_KEY, digest(TEXT))],
        [approval(ANNA, digest(TEXT)), approval(BRUNO, digest(OTHER))],
        [approval(ANNA, digest(TEXT)), signed(CARLA, approval(BRUNO, digest(TEXT))["text"])],
    ],
    ids=["none", "one", "one-twice", "stranger", "list-key", "other-referral", "not-his-key"],
)
def test_fewer_than_two_approvers_are_refused(approvals):
    body = envelope(version_text(texts=[TEXT]), [{"text": TEXT, "approvals": approvals}])
    assert rule_of(body) == "two-people"


def test_a_third_approver_does_no_harm():
    body = envelope(version_text(texts=[TEXT]), [referral(TEXT, (ANNA, BRUNO, CARLA))])
    assert verify(body, TRUST, None, NOON)


def test_a_hundred_approvals_are_refused():
    people = [approval(ANNA, digest(TEXT), role=str(n)) for n in range(100)]
    body = envelope(version_text(texts=[TEXT]), [{"text": TEXT, "approvals": people}])
    assert rule_of(body) == "form"


def test_approvers_that_the_provider_dropped_no_longer_count():
    trust = Trust(NAMES, LIST_KEY.public_key(), (ANNA.public_key(), CARLA.public_key()))
    assert rule_of(first(), trust=trust) == "two-people"


def test_a_referral_for_another_territory_is_refused():
    assert rule_of(of_text(referral_text(entry("a.example"), territory="FR"))) == "territory"


@pytest.mark.parametrize("withdrawn", [(TEXT, "nobody.example"), (OTHER, "other.example")])
def test_a_withdrawal_of_what_is_not_there_is_refused(withdrawn):
    text = version_text(texts=[TEXT], withdrawn=[withdrawn])
    assert rule_of(envelope(text, [referral(TEXT)])) == "withdrawn-unknown"


VERSIONS = {
    "number-0": {"number": 0},
    "number-as-text": {"number": "1"},
    "number-true": {"number": True},
    "previous-missing": {"previous": ""},
    "referral-twice": {"referrals": [digest(TEXT)] * 2},
    "referrals-unsorted": {"referrals": sorted([digest(TEXT), digest(OTHER)], reverse=True)},
    "other-type": {"type": "cautery/block-list/2"},
}


@pytest.mark.parametrize("changes", VERSIONS.values(), ids=VERSIONS)
def test_a_version_that_is_spelled_otherwise_is_refused(changes):
    assert rule_of(first(**changes)) == "form"


def test_withdrawals_that_are_unsorted_are_refused():
    value = json.loads(
        version_text(texts=[TEXT], withdrawn=[(TEXT, "192.0.2.7"), (TEXT, "pirate.example")])
    )
    body = envelope(canonical(value), [referral(TEXT)])
    assert len(verify(body, TRUST, None, NOON).version.withdrawn) == 2
    value["withdrawn"].reverse()
    assert rule_of(envelope(canonical(value), [referral(TEXT)])) == "form"


GOOD = json.loads(first())
ENVELOPES = {
    "no-json": b"{",
    "no-utf-8": b"\xff" + first(),
    "utf-16": first().decode().encode("utf-16"),
    "an-array": b"[]",
    "a-key-more": canonical(GOOD | {"more": 1}).encode(),
    "a-key-twice": first().replace(b'{"referrals"', b'{"referrals":[],"referrals"', 1),
    "a-referral-twice": canonical(GOOD | {"referrals": GOOD["referrals"] * 2}).encode(),
    "no-signature": canonical(GOOD | {"signature": None}).encode(),
    "short-signature": canonical(GOOD | {"signature": "AAAA"}).encode(),
    "signature-with-space": canonical(GOOD | {"signature": GOOD["signature"] + "\n"}).encode(),
}


@pytest.mark.parametrize("body", ENVELOPES.values(), ids=ENVELOPES)
def test_an_envelope_that_is_spelled_otherwise_is_refused(body):
    assert rule_of(body) == "form"


def test_an_envelope_has_a_size(monkeypatch):
    monkeypatch.setattr(readers, "MOST_BYTES", len(first()) - 1)
    assert rule_of(first()) == "form"


def test_an_envelope_has_no_more_parts_than_memory_bears(monkeypatch):
    monkeypatch.setattr(strict, "MOST_PARTS", 5)
    assert rule_of(first()) == "form"


def test_an_envelope_has_no_more_members_than_memory_bears(monkeypatch):
    monkeypatch.setattr(strict, "MOST_MEMBERS", 5)
    assert rule_of(first()) == "form"


def test_a_signature_has_one_spelling():
    signature = GOOD["signature"]  # 64 bytes: the last letter before "==" has four idle bits
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    other = letters[letters.index(signature[-3]) + 1]
    twin = signature[:-3] + other + "=="
    assert base64.b64decode(twin) == base64.b64decode(signature)
    assert rule_of(canonical(GOOD | {"signature": twin}).encode()) == "form"


def _mutated(body, rng):
    """Change one thing in a body: a bit, some bytes, or a part of its structure."""
    kind = rng.randrange(6)
    if kind <= 2:
        changed = bytearray(body)
        for _ in range(kind + 1):
            changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
        return bytes(changed)
    if kind == 3:
        start = rng.randrange(len(body))
        return body[:start] + body[start + rng.randint(1, 9) :]
    if kind == 4:
        start, source = rng.randrange(len(body)), rng.randrange(len(body))
        return body[:start] + body[source : source + rng.randint(1, 9)] + body[start:]
    value = json.loads(body)
    texts = [(value, "version"), (value["referrals"][0], "text")]
    texts += [(row, "text") for row in value["referrals"][0]["approvals"]]
    place, key = rng.choice(texts)
    inner = json.loads(place[key])
    name = rng.choice(sorted(inner))
    inner[name] = rng.choice([None, 0, "x", [], inner[rng.choice(sorted(inner))]])
    place[key] = canonical(inner)
    return canonical(value).encode()


def test_of_ten_thousand_changed_bodies_none_is_accepted():
    body, rng = first(), random.Random(20)
    meaning, accepted, tried = json.loads(body), [], 0
    while tried < 10_000:
        changed = _mutated(body, rng)
        try:
            if json.loads(changed) == meaning:  # white space between tokens is not signed
                continue
        except (ValueError, RecursionError):
            pass
        tried += 1
        try:
            verify(changed, TRUST, None, NOON)
        except Refused:
            continue
        accepted.append(changed)
    assert accepted == []


def test_keys_are_read_in_their_usual_spellings():
    raw = ANNA.public_key().public_bytes_raw()
    der = bytes.fromhex("302a300506032b6570032100") + raw
    text = base64.b64encode(der).decode()
    pem = f"-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n"
    for spelling in (base64.b64encode(raw).decode(), text, pem):
        assert read_public_key(spelling).public_bytes_raw() == raw


def _times_8(y):
    """Return whether 8 times a point with this y is the neutral one (RFC 8032, section 5.1.4)."""
    p, d = 2**255 - 19, -121665 * pow(121666, -1, 2**255 - 19)
    square = (y * y - 1) * pow(d * y * y + 1, -1, p) % p
    x = pow(square, (p + 3) // 8, p)
    if (x * x - square) % p:
        x = x * pow(2, (p - 1) // 4, p) % p
    assert (x * x - square) % p == 0
    for _ in range(3):
        product = d * x * x * y * y
        x, y = (
            2 * x * y * pow(1 + product, -1, p) % p,
            (y * y + x * x) * pow(1 - product, -1, p) % p,
        )
    return (x, y) == (0, 1)


def test_a_key_under_which_anybody_can_sign_is_refused():
    assert len(ed25519._SMALL_ORDER) == 5
    for y in ed25519._SMALL_ORDER:
        assert _times_8(y)
        for sign in (0, 1 << 255):
            raw = (y | sign).to_bytes(32, "little")
            with pytest.raises(ValueError, match="small order"):
                read_public_key(base64.b64encode(raw).decode())


@pytest.mark.parametrize("y", [2**255 - 19, 2**255 - 18, 2**255 - 1])
def test_a_key_that_is_not_in_its_only_encoding_is_refused(y):
    with pytest.raises(ValueError, match="only one"):
        read_public_key(base64.b64encode(y.to_bytes(32, "little")).decode())


@pytest.mark.parametrize("text", ["", "AAAA", "not base64!", base64.b64encode(b"x" * 44).decode()])
def test_what_is_no_key_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        read_public_key(text)


def test_a_refusal_says_no_more_than_a_line_of_what_a_feed_wrote():
    entry = {"lever": "x" * 1_000_000, "target": "a.example", "end": "2027-01-01T00:00:00Z"}
    text = strict.written(
        {
            "type": "cautery/referral/1", "referral": "R", "order": "O", "authority": "A",
            "territory": "FR", "end": "2027-01-01T00:00:00Z", "grounds": "sha256:" + 64 * "0",
            "entries": [entry | {"max_stale_s": None}],
        }
    )  # fmt: skip
    signature = base64.b64encode(bytes(64)).decode()
    referral = {"text": text, "approvals": []}
    body = strict.written({"version": "x", "signature": signature, "referrals": [referral]})
    with pytest.raises(Refused) as refused:
        readers.read_envelope(body.encode())
    assert "lever" in str(refused.value)
    assert len(str(refused.value)) < 400
