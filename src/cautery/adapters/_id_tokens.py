"""ID tokens of an identity provider: whose signature counts, and what must stand in them.

Reaches: nothing; it is given the provider's keys.
Lawful basis: that of :mod:`cautery.adapters.identity_provider`.
Manners: no algorithm but those that the room names, none of them symmetric; a key is for one kind
    of algorithm; nothing that a token says of its own keys is read.
Format: OpenID Connect Core 1.0, sections 2 and 3.1.3.7; RFC 7515, 7517, 7518, 8725.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from authlib.oidc.core.claims import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey
from joserfc.jws import JWSRegistry

from cautery.errors import ApprovalError
from cautery.json_text import parsed_json

ALGORITHMS = ("RS256", "PS256", "ES256", "RS384", "PS384", "ES384", "RS512", "PS512", "ES512")
"""Those with which a key of the provider signs. There is none in which our secret, or a public key
taken for a secret, would be a key."""
SKEW = timedelta(seconds=60)
"""By which clocks may differ. Judgement: machines of an organisation are set by NTP."""
FRESH = timedelta(minutes=10)
"""A token that is older was made for another login."""
LONGEST_TOKEN = 16_384
MOST_KEYS = 50
_RSA_BITS = range(2_048, 8_193)
_CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
_TYPES = frozenset(("jwt", "application/jwt"))
_BROKEN = (JoseError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError)


def checked_claims(
    token: str,
    keys: Sequence[Mapping[str, Any]],
    *,
    issuer: str,
    client: str,
    nonce: str,
    algorithms: Sequence[str],
    now: datetime,
    access_token: str | None = None,
    max_age_s: int | None = None,
) -> dict[str, Any]:
    """Return the claims of an ID token that holds.

    Parameters
    ----------
    keys : sequence of mapping
        The provider's, as its JWK set has them.
    client : str
        Our id there.
    algorithms : sequence of str
        Of :data:`ALGORITHMS`, those that the room takes.
    max_age_s : int, optional
        Seconds; somebody showed who it is no longer ago.

    Raises
    ------
    ApprovalError
        If it does not hold; the reason is for the log, and quotes nothing.
    """
    header = header_of(token)
    algorithm = header.get("alg")
    if algorithm not in algorithms or algorithm not in ALGORITHMS:
        raise ApprovalError("its algorithm is none that the room takes")
    kind = header.get("typ", "JWT")
    if not isinstance(kind, str) or kind.lower() not in _TYPES:
        raise ApprovalError("it is a token for something else")
    key = _key_of(header, str(algorithm), keys)
    registry = JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    try:
        read = jwt.decode(token, key, registry=registry)
        claims = CodeIDToken(
            read.claims,
            read.header,
            {
                "iss": {"essential": True, "value": issuer},
                "aud": {"essential": True, "value": client},
            },
            {
                "nonce": nonce,
                "client_id": client,
                "access_token": access_token,
                "max_age": max_age_s,
            },
        )
        claims.validate(now=int(now.timestamp()), leeway=int(SKEW.total_seconds()))
        _require_fresh(claims, now, max_age_s)
        _require_party(claims, client)
        _require_hash(claims)
    except ApprovalError:
        raise
    except (*_BROKEN, RecursionError) as error:
        raise ApprovalError(f"it does not hold ({type(error).__name__})") from error
    return dict(claims)


def header_of(token: str) -> dict[str, Any]:
    """Return what a token says of its signature, before anybody believes it.

    Raises
    ------
    ApprovalError
        If it is no signed token.
    """
    head, dots, _ = token.partition(".")
    if len(token) > LONGEST_TOKEN or not token.isascii() or not dots or token.count(".") != 2:
        raise ApprovalError("it is no signed token")
    try:
        header = parsed_json(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except ValueError as error:
        raise ApprovalError("its header cannot be read") from error
    if not isinstance(header, dict):
        raise ApprovalError("its header cannot be read")
    return header


def fits(header: Mapping[str, Any], key: Mapping[str, Any]) -> bool:
    """Tell whether a key of the set may have made the signature of a token."""
    algorithm, named = str(header.get("alg")), header.get("kid")
    return (
        key.get("kty") == ("EC" if algorithm in _CURVES else "RSA")
        and (named is None or key.get("kid") == named)
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
        and (algorithm not in _CURVES or key.get("crv") == _CURVES[algorithm])
    )


def _key_of(
    header: Mapping[str, Any], algorithm: str, keys: Sequence[Mapping[str, Any]]
) -> RSAKey | ECKey:
    fitting = [key for key in keys if fits(header, key)]
    if len(fitting) != 1:  # of several nobody knows which one was meant
        raise ApprovalError(f"{len(fitting)} keys of the provider fit it")
    try:
        if algorithm in _CURVES:
            names = ("kty", "crv", "x", "y")
            return ECKey.import_key({name: fitting[0][name] for name in names})
        modulus = base64.urlsafe_b64decode(str(fitting[0]["n"]) + "==")
        if len(modulus.lstrip(b"\0")) * 8 not in _RSA_BITS:
            raise ApprovalError("the provider's key is too short or too long")
        return RSAKey.import_key({name: fitting[0][name] for name in ("kty", "n", "e")})
    except _BROKEN as error:
        raise ApprovalError("the provider's key cannot be read") from error


def _require_party(claims: Mapping[str, Any], client: str) -> None:
    # The library passes over a party that is an empty list, text or object.
    if claims.get("azp") not in (None, client):
        raise ApprovalError("it was made for another party")


def _require_hash(claims: Mapping[str, Any]) -> None:
    # The library compares the hash of the access token only where it is not empty.
    if "at_hash" in claims and not claims["at_hash"]:
        raise ApprovalError("its access token is another one")


def _require_fresh(claims: Mapping[str, Any], now: datetime, max_age_s: int | None) -> None:
    seconds = now.timestamp()
    if seconds - claims["iat"] > (FRESH + SKEW).total_seconds():
        raise ApprovalError("it was made long ago")
    if max_age_s is not None and (
        seconds - claims.get("auth_time", 0) > max_age_s + SKEW.total_seconds()
    ):
        raise ApprovalError("its person showed who it is longer ago than the room takes")
