"""An identity provider: one that answers well, and every wrong answer that one may give."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.identity import (
    CLIENT,
    ISSUED,
    SECRET,
    SUBJECT,
    Provider,
    coded,
    ec_jwk,
    number,
    rsa_jwk,
    settings,
)

from cautery.adapters.clock import FixedClock
from cautery.errors import ApprovalError, InputError, SourceError
from cautery.model.identity import Claimed
from cautery.wiring.identity import identity_of

BACK = "https://room.league.example/login/identity/back"
VERIFIER, NONCE = "v" * 64, "n" * 64


@pytest.fixture(scope="module")
def served() -> Iterator[Provider]:
    provider = Provider(lambda: ISSUED)
    yield provider
    provider.close()


@pytest.fixture
def provider(served: Provider) -> Provider:
    served.begin_anew()
    return served


@pytest.fixture
def asked(provider: Provider, tmp_path: Path) -> Any:
    """The room's side of it."""
    return identity_of(settings(tmp_path, provider.issuer), FixedClock(ISSUED)).provider


def address(asked: Any) -> str:
    place = asyncio.run(asked.address(state="s", nonce=NONCE, verifier=VERIFIER, back=BACK))
    return str(place)


def claimed(asked: Any, provider: Provider, **how: Any) -> Claimed:
    """Let the person log in, and ask who it is."""
    code = provider.code(address(asked))["code"]
    given = {"issuer": None, "nonce": NONCE, "verifier": VERIFIER, "back": BACK} | how
    answer: Claimed = asyncio.run(asked.claimed(code, **given))
    return answer


def test_a_good_answer_names_the_person_and_nothing_else(asked: Any, provider: Provider) -> None:
    provider.claims = {"groups": ["keeper"], "email": "k@keller", "name": "K. Keller"}
    assert claimed(asked, provider) == Claimed(issuer=provider.issuer, subject=SUBJECT)


def test_the_provider_is_asked_with_pkce_and_the_secret_stands_in_the_head(
    asked: Any, provider: Provider
) -> None:
    place = address(asked)
    for part in ("code_challenge_method=S256", "tenant=a", "scope=openid", "response_type=code"):
        assert part in place
    assert VERIFIER not in place
    asyncio.run(
        asked.claimed(
            provider.code(place)["code"], issuer=None, nonce=NONCE, verifier=VERIFIER, back=BACK
        )
    )
    assert provider.sent["authorization"].startswith("Basic ")
    assert "client_secret" not in provider.sent
    assert (provider.sent["redirect_uri"], provider.sent["code_verifier"]) == (BACK, VERIFIER)


def test_the_secret_stands_in_the_form_where_the_provider_wants_it(
    asked: Any, provider: Provider
) -> None:
    provider.document = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    assert claimed(asked, provider).subject == SUBJECT
    assert provider.sent["client_secret"] == SECRET
    assert not provider.sent["authorization"]


def test_another_verifier_gets_nothing_for_the_code(asked: Any, provider: Provider) -> None:
    with pytest.raises(ApprovalError, match="refused the code"):
        claimed(asked, provider, verifier="w" * 64)


WRONG = {
    "another nonce": {"nonce": "of another login"},
    "no nonce": {"nonce": None},
    "another issuer": {"iss": "https://evil.example"},
    "no issuer": {"iss": None},
    "another audience": {"aud": "another-room"},
    "several audiences without a party": {"aud": [CLIENT, "another-room"]},
    "another party": {"azp": "another-room"},
    "a party that is a list": {"azp": []},
    "a party that is empty": {"azp": ""},
    "no audience": {"aud": None},
    "an audience that is none": {"aud": {"a": 1}},
    "no subject": {"sub": None},
    "a subject that is none": {"sub": 7},
    "an empty subject": {"sub": ""},
    "a long subject": {"sub": "x" * 256},
    "no end": {"exp": None},
    "an end that is none": {"exp": "tomorrow"},
    "an end that never comes": {"exp": float("nan")},
    "no begin": {"iat": None},
    "a begin that is none": {"iat": True},
    "a begin before all times": {"iat": -(10**400)},
    "a hash of another token": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
    "an empty hash": {"at_hash": ""},
    "a hash that is an empty list": {"at_hash": []},
}


@pytest.mark.parametrize("claims", WRONG.values(), ids=WRONG.keys())
def test_a_token_with_a_wrong_claim_names_nobody(
    asked: Any, provider: Provider, claims: dict[str, Any]
) -> None:
    provider.claims = claims
    with pytest.raises(ApprovalError):
        claimed(asked, provider)


@pytest.mark.parametrize(
    ("claim", "seconds", "holds"),
    [
        ("exp", -59, True),
        ("exp", -61, False),
        ("iat", 59, True),
        ("iat", 62, False),
        ("iat", -659, True),
        ("iat", -662, False),
        ("nbf", 62, False),
    ],
)
def test_clocks_may_differ_by_a_minute(
    asked: Any,
    provider: Provider,
    claim: str,
    seconds: int,
    holds: bool,  # noqa: FBT001 - a column of the table
) -> None:
    provider.claims = {claim: int(ISSUED.timestamp()) + seconds}
    if holds:
        assert claimed(asked, provider).subject == SUBJECT
        return
    with pytest.raises(ApprovalError):
        claimed(asked, provider)


HEADS = {
    "unsigned": {"alg": "none"},
    "unsigned, spelled": {"alg": "nOnE"},
    "with our secret": {"alg": "HS256"},
    "with its public key": {"alg": "HS256", "kid": "k1"},
    "for something else": {"alg": "RS256", "kid": "k1", "typ": "logout+jwt"},
    "by nobody's key": {"alg": "RS256", "kid": "k9"},
    "by a key for another kind": {"alg": "RS256", "kid": "k2"},
    "in an algorithm that is not taken": {"alg": "ES256", "kid": "k2"},
    "with something critical": {"alg": "RS256", "kid": "k1", "crit": ["x"], "x": 1},
    "in several algorithms": {"alg": ["RS256"], "kid": "k1"},
}


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS.keys())
@pytest.mark.parametrize("secret", [SECRET.encode(), json.dumps(rsa_jwk()).encode()])
def test_a_signature_of_another_kind_counts_for_nothing(
    asked: Any, provider: Provider, head: dict[str, Any], secret: bytes
) -> None:
    provider.header, provider.hmac_secret = head, secret
    with pytest.raises(ApprovalError):
        claimed(asked, provider)


def test_what_a_token_says_of_its_own_keys_is_not_read(asked: Any, provider: Provider) -> None:
    provider.header |= {"jwk": ec_jwk(), "jku": "http://127.0.0.1:9/", "x5u": "http://127.0.0.1:9/"}
    assert claimed(asked, provider).subject == SUBJECT


@pytest.mark.parametrize(
    "change",
    [
        lambda token: "",
        lambda token: None,
        lambda token: 7,
        lambda token: "a.b",
        lambda token: "a.b.c",
        lambda token: token[:-6] + "AAAAAA",
        lambda token: token.replace(".", "..", 1),
        lambda token: "x" * 20_000,
        lambda token: f"{coded(b'[' * 5_000)}.e30.x",
        lambda token: f"{token.split('.')[0]}.{coded(b'[' * 9_000)}.{token.split('.')[2]}",
        lambda token: f"{token.split('.')[0]}.{coded(b'{}')}.{token.split('.')[2]}",
        lambda token: token + "é",
    ],
)
def test_what_is_no_token_names_nobody(asked: Any, provider: Provider, change: Any) -> None:
    provider.token = change
    with pytest.raises(ApprovalError):
        claimed(asked, provider)


def test_another_algorithm_counts_where_the_settings_name_it(
    provider: Provider, tmp_path: Path
) -> None:
    path = settings(tmp_path, provider.issuer, 'algorithms = ["ES256", "PS256"]\n')
    asked = identity_of(path, FixedClock(ISSUED)).provider
    for head in ({"alg": "ES256", "kid": "k2"}, {"alg": "PS256", "kid": "k1"}):
        provider.header = head
        assert claimed(asked, provider).subject == SUBJECT
    provider.header = {"alg": "RS256", "kid": "k1"}
    with pytest.raises(ApprovalError):
        claimed(asked, provider)


def test_a_code_of_another_issuer_is_shown_to_nobody(asked: Any, provider: Provider) -> None:
    """Mix-up (RFC 9207): the answer says who gave it."""
    with pytest.raises(ApprovalError, match="another issuer"):
        claimed(asked, provider, issuer="https://evil.example")
    assert "/token" not in provider.asked
    assert claimed(asked, provider, issuer=provider.issuer).subject == SUBJECT


def test_who_says_that_codes_name_their_issuer_gives_none_without(
    asked: Any, provider: Provider
) -> None:
    provider.document = {"authorization_response_iss_parameter_supported": True}
    with pytest.raises(ApprovalError, match="no issuer"):
        claimed(asked, provider)
    assert "/token" not in provider.asked


def test_a_person_who_logged_in_there_long_ago_is_asked_again(
    provider: Provider, tmp_path: Path
) -> None:
    path = settings(tmp_path, provider.issuer, 'max_age = 3600\nprompt = "login"\n')
    asked = identity_of(path, FixedClock(ISSUED)).provider
    assert "max_age=3600" in address(asked)
    assert "prompt=login" in address(asked)
    at = int(ISSUED.timestamp())
    for claims in ({}, {"auth_time": at - 3_700}, {"auth_time": "now"}, {"auth_time": -(10**400)}):
        provider.claims = claims
        with pytest.raises(ApprovalError):
            claimed(asked, provider)
    provider.claims = {"auth_time": at - 3_500}
    assert claimed(asked, provider).subject == SUBJECT


DOCUMENTS = {
    "another issuer": {"issuer": "https://evil.example"},
    "no issuer": {"issuer": None},
    "an issuer with a slash": lambda issuer: {"issuer": f"{issuer}/"},
    "a page without TLS": {"authorization_endpoint": "http://evil.example/"},
    "a page that is a script": {"authorization_endpoint": "javascript:alert(1)"},
    "a page with a login": {"authorization_endpoint": "https://a:b@evil.example/"},
    "codes without TLS": {"token_endpoint": "http://192.0.2.1/token"},
    "keys in a file": {"jwks_uri": "file:///etc/passwd"},
    "no keys": {"jwks_uri": None},
    "a page with a line end": {"authorization_endpoint": "https://id.example/\nx"},
    "no PKCE": {"code_challenge_methods_supported": ["plain"]},
    "methods that are none": {"code_challenge_methods_supported": 7},
}


@pytest.mark.parametrize("change", DOCUMENTS.values(), ids=DOCUMENTS.keys())
def test_a_document_that_does_not_hold_leads_nowhere(
    asked: Any, provider: Provider, change: Any
) -> None:
    provider.document = change(provider.issuer) if callable(change) else change
    with pytest.raises(SourceError):
        address(asked)


@pytest.mark.parametrize("body", [b"", b"[]", b"[" * 100_000, b"x" * 300_000, b'{"issuer": NaN}'])
def test_a_document_that_is_none_leads_nowhere(asked: Any, provider: Provider, body: bytes) -> None:
    provider.raw_document = body
    with pytest.raises(SourceError):
        address(asked)


def test_a_private_address_is_asked_only_if_the_settings_name_it(
    provider: Provider, tmp_path: Path
) -> None:
    asked = identity_of(
        settings(tmp_path, provider.issuer, allow="[]"), FixedClock(ISSUED)
    ).provider
    with pytest.raises(SourceError, match="loopback"):
        address(asked)
    assert provider.asked == []


def test_a_code_goes_to_no_private_address_that_the_document_names(
    asked: Any, provider: Provider
) -> None:
    """Whoever answers for the provider could else have the room ask machines inside."""
    provider.document = {"token_endpoint": "https://10.0.0.1/token"}
    with pytest.raises(SourceError, match=r"10\.0\.0\.1 is private"):
        claimed(asked, provider)


def test_no_redirect_is_followed(asked: Any, provider: Provider) -> None:
    provider.redirect = f"{provider.issuer}/elsewhere"
    with pytest.raises(SourceError):
        address(asked)
    assert "/elsewhere" not in provider.asked


@pytest.mark.parametrize(
    "keys",
    [
        b"x" * 300_000,
        b'{"keys": [' + b'{"kty": "RSA"},' * 30_000 + b"{}]}",
        b"[" * 100_000,
        b"{}",
        b'{"keys": 7}',
        json.dumps({"keys": [{}] * 51}).encode(),
    ],
    ids=["no JSON", "huge", "deep", "none", "no list", "too many"],
)
def test_keys_that_are_too_many_or_none_name_nobody(
    asked: Any, provider: Provider, keys: bytes
) -> None:
    provider.keys = keys
    with pytest.raises((SourceError, ApprovalError)):
        claimed(asked, provider)


@pytest.mark.parametrize(
    "key",
    [
        {"n": number(3 * 2**1000 + 1)},
        {"n": number(3 * 2**20_000 + 1)},
        {"n": "not base64 at all"},
        {"n": 7},
        {"e": ""},
        {"use": "enc"},
        {"alg": "RS512"},
        {"kty": "oct", "k": "AAAA"},
    ],
)
def test_a_key_that_is_weak_or_none_names_nobody(
    asked: Any, provider: Provider, key: dict[str, Any]
) -> None:
    provider.keys = json.dumps({"keys": [rsa_jwk(**key)]}).encode()
    with pytest.raises(ApprovalError):
        claimed(asked, provider)


def test_of_two_keys_that_fit_none_is_chosen(asked: Any, provider: Provider) -> None:
    provider.keys = json.dumps({"keys": [rsa_jwk(), rsa_jwk(kid="k3")]}).encode()
    provider.header = {"alg": "RS256"}
    with pytest.raises(ApprovalError, match="2 keys"):
        claimed(asked, provider)
    provider.header = {"alg": "RS256", "kid": "k3"}
    assert claimed(asked, provider).subject == SUBJECT


def test_document_and_keys_are_fetched_once_and_keys_anew_for_a_new_one(
    asked: Any, provider: Provider
) -> None:
    for _ in range(3):
        claimed(asked, provider)
    assert provider.asked.count("/keys") == 1
    assert provider.asked.count("/.well-known/openid-configuration") == 1
    provider.keys = json.dumps({"keys": [rsa_jwk(kid="k9")]}).encode()
    provider.header = {"alg": "RS256", "kid": "k9"}
    with pytest.raises(ApprovalError):  # an unknown key may be made up: not so soon
        claimed(asked, provider)
    asked._kept.keys_at -= 31
    assert claimed(asked, provider).subject == SUBJECT


def test_a_provider_that_does_not_answer_is_left_alone_for_a_while(
    asked: Any, provider: Provider
) -> None:
    provider.raw_document = b"down"
    for _ in range(3):
        with pytest.raises(SourceError):
            address(asked)
    assert len(provider.asked) == 1
    asked._kept.failed_at -= 11
    provider.raw_document = None
    assert address(asked)


@pytest.mark.parametrize(
    ("groups", "read"),
    [("chiefs", ("chiefs",)), (["a", 7, "b"], ("a", "b")), (None, ()), ([], ())],
)
def test_groups_are_read_where_the_settings_say_so(
    provider: Provider, tmp_path: Path, groups: Any, read: tuple[str, ...]
) -> None:
    more = '[roles]\nclaim = "groups"\nof = {chiefs = "commander"}\n'
    asked = identity_of(settings(tmp_path, provider.issuer, more), FixedClock(ISSUED)).provider
    provider.claims = {"groups": groups}
    assert claimed(asked, provider).groups == read


@pytest.mark.parametrize("groups", [{"a": 1}, 7, ["x"] * 1_001])
def test_groups_that_are_none_name_nobody(provider: Provider, tmp_path: Path, groups: Any) -> None:
    more = '[roles]\nclaim = "groups"\nof = {chiefs = "commander"}\n'
    asked = identity_of(settings(tmp_path, provider.issuer, more), FixedClock(ISSUED)).provider
    provider.claims = {"groups": groups}
    with pytest.raises(ApprovalError, match="groups"):
        claimed(asked, provider)


SETTINGS = {
    "an issuer without TLS": ("issuer", '"http://id.example"'),
    "an issuer with a question": ("issuer", '"https://id.example/?x"'),
    "no issuer": ("issuer", '""'),
    "an unknown word": ("client", '"x"'),
    "a symmetric algorithm": ("algorithms", '["HS256"]'),
    "no algorithm": ("algorithms", '["none"]'),
    "a name that is given again": ("subject", '"email"'),
    "no openid": ("scopes", '["profile"]'),
    "a range that is none": ("allow", '["all"]'),
    "another role": ("roles", '{claim = "groups", of = {a = "king"}}'),
}


@pytest.mark.parametrize(("name", "value"), SETTINGS.values(), ids=SETTINGS.keys())
def test_settings_that_do_not_hold_are_refused_in_a_sentence(
    tmp_path: Path, name: str, value: str
) -> None:
    path = settings(tmp_path, "https://id.example")
    lines = [line for line in path.read_text().splitlines() if not line.startswith(f"{name} =")]
    path.write_text("\n".join([*lines, f"{name} = {value}", ""]))
    with pytest.raises(InputError) as refused:
        identity_of(path, FixedClock(ISSUED))
    assert SECRET not in str(refused.value)


def test_a_secret_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = settings(tmp_path, "https://id.example")
    for file in (path, tmp_path / "oidc.secret"):
        file.chmod(0o640)
        with pytest.raises(InputError, match="other users can read it"):
            identity_of(path, FixedClock(ISSUED))
        file.chmod(0o600)
    (tmp_path / "oidc.secret").write_text("two\nlines")
    with pytest.raises(InputError, match="one line"):
        identity_of(path, FixedClock(ISSUED))
