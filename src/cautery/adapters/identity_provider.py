"""The identity provider of an organisation, where its people show who they are.

Reaches: the issuer that the room's settings name, and the addresses that its own document names.
Lawful basis: GDPR art. 32(1) and Directive (EU) 2016/680, art. 29: who may reach the data is known.
Manners: over verified TLS, on this machine also without; a private address only if the settings
    allow it; no redirect; bounded bytes and seconds; its document and its keys are kept for an
    hour, and it is left alone for ten seconds when it does not answer. Of its tokens nothing is
    kept.
Format: OpenID Connect Core 1.0 and Discovery 1.0 (authorization code); RFC 6749, 7636 (PKCE), 9207.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus, urlencode

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from cautery.adapters._id_tokens import LONGEST_TOKEN, MOST_KEYS, checked_claims, fits, header_of
from cautery.errors import ApprovalError, InputError, SourceError
from cautery.json_text import parsed_json
from cautery.model import Limits, Secret
from cautery.model.identity import Claimed, is_safe_url, require_subject
from cautery.model.ports import Clock, VerifiedFetcher

DISCOVERY = "/.well-known/openid-configuration"
_LIMITS = Limits(max_bytes=262_144, total_s=10.0, connect_s=4.0, redirects=0)
_KEPT_S = 3_600.0
_KEYS_ANEW_S = 30.0
"""A token with an unknown key has the keys fetched again, so often at most: it may be made up."""
_LEFT_ALONE_S = 10.0
_LONGEST_CODE, _LONGEST_URL, _MOST_GROUPS = 4_096, 2_000, 1_000
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSettings:
    """What an organisation says of its identity provider.

    Parameters
    ----------
    issuer : str
        Its URL, as it writes it.
    client, secret : str, Secret
        Our id and our secret there.
    name : str
        What people call it; empty: nobody said.
    subject : str
        The claim that names a person for ever.
    groups : str or None
        The claim that stands for roles; ``None``: none does.
    algorithms : tuple of str
        With which it may sign.
    max_age_s : int or None
        Seconds; somebody showed who it is no longer ago. ``None``: whenever it was.
    prompt : str or None
        What it is told to ask, such as ``login``; ``None``: what it likes.
    """

    issuer: str
    client: str
    secret: Secret
    name: str = ""
    subject: str = "sub"
    groups: str | None = None
    scopes: tuple[str, ...] = ("openid",)
    algorithms: tuple[str, ...] = ("RS256",)
    max_age_s: int | None = None
    prompt: str | None = None


@dataclass(slots=True)
class _Kept:
    """What is known of the provider, and since when, in seconds of a clock that never goes back."""

    document: dict[str, Any] = field(default_factory=dict)
    document_at: float = float("-inf")
    keys: list[dict[str, Any]] = field(default_factory=list)
    keys_at: float = float("-inf")
    failed: str = ""
    failed_at: float = float("-inf")


class OpenIdProvider:
    """One issuer (port :class:`~cautery.workflows.people.ports.IdentityProvider`).

    Parameters
    ----------
    client : callable
        Opens a client that verifies whom it asks, for one conversation.
    seconds : callable
        Of a clock that never goes back.
    """

    def __init__(
        self,
        settings: ProviderSettings,
        client: Callable[[], AbstractAsyncContextManager[VerifiedFetcher]],
        clock: Clock,
        *,
        seconds: Callable[[], float],
    ) -> None:
        self._settings, self._client = settings, client
        self._clock, self._seconds = clock, seconds
        self._kept = _Kept()

    @property
    def issuer(self) -> str:
        """Its URL, as it writes it."""
        return self._settings.issuer

    @property
    def name(self) -> str:
        """What people call it."""
        return self._settings.name

    async def address(self, *, state: str, nonce: str, verifier: str, back: str) -> str:
        """Return where a browser shows who its person is.

        Raises
        ------
        SourceError
            If the provider does not say where.
        """
        settings = self._settings
        async with self._client() as client:
            document = await self._document(client)
        return str(
            prepare_grant_uri(
                document["authorization_endpoint"],
                settings.client,
                "code",
                redirect_uri=back,
                scope=" ".join(settings.scopes),
                state=state,
                nonce=nonce,
                code_challenge=create_s256_code_challenge(verifier),
                code_challenge_method="S256",
                max_age=None if settings.max_age_s is None else str(settings.max_age_s),
                prompt=settings.prompt,
            )
        )

    async def claimed(
        self, code: str, *, issuer: str | None, nonce: str, verifier: str, back: str
    ) -> Claimed:
        """Return who came back with a code.

        Raises
        ------
        ApprovalError
            If the answer does not hold.
        SourceError
            If the provider does not answer, or not as it should.
        """
        settings = self._settings
        # Whoever sends it: a code of another provider is not shown to this one.
        if issuer is not None and issuer != settings.issuer:
            raise ApprovalError("the code comes from another issuer")
        if not 0 < len(code) <= _LONGEST_CODE:
            raise ApprovalError("the code is empty or too long")
        async with self._client() as client:
            document = await self._document(client)
            if issuer is None and document.get("authorization_response_iss_parameter_supported"):
                raise ApprovalError("the code names no issuer")
            tokens = await self._exchanged(client, document, code, verifier=verifier, back=back)
            token, access = tokens.get("id_token"), tokens.get("access_token")
            if not isinstance(token, str) or len(token) > LONGEST_TOKEN:
                raise ApprovalError("the provider gave no token that names somebody")
            claims = checked_claims(
                token,
                await self._keys(client, document, token),
                issuer=settings.issuer,
                client=settings.client,
                nonce=nonce,
                algorithms=settings.algorithms,
                now=self._clock.now(),
                access_token=access if isinstance(access, str) else None,
                max_age_s=settings.max_age_s,
            )
        return self._claimed(claims)

    def _claimed(self, claims: Mapping[str, Any]) -> Claimed:
        settings, subject = self._settings, claims.get(self._settings.subject)
        try:
            require_subject(subject if isinstance(subject, str) else "")
        except InputError as error:
            raise ApprovalError("its subject is none") from error
        groups = None
        if settings.groups is not None:
            value = claims.get(settings.groups, [])
            listed = [value] if isinstance(value, str) else value
            if not isinstance(listed, list) or len(listed) > _MOST_GROUPS:
                raise ApprovalError("its groups cannot be read")
            groups = tuple(group for group in listed if isinstance(group, str))
        return Claimed(issuer=settings.issuer, subject=str(subject), groups=groups)

    async def _exchanged(
        self,
        client: VerifiedFetcher,
        document: Mapping[str, Any],
        code: str,
        *,
        verifier: str,
        back: str,
    ) -> dict[str, Any]:
        settings, headers = self._settings, [("Content-Type", _FORM)]
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "code_verifier": verifier,
        }
        ways = document.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        if "client_secret_basic" in ways:
            # Each part is encoded first (RFC 6749, section 2.3.1).
            login = f"{quote_plus(settings.client)}:{quote_plus(settings.secret.reveal())}"
            basic = base64.b64encode(login.encode()).decode()
            headers.append(("Authorization", f"Basic {basic}"))
        elif "client_secret_post" in ways:
            fields |= {"client_id": settings.client, "client_secret": settings.secret.reveal()}
        else:
            raise SourceError("the identity provider takes no client secret")
        answer = await client.fetch(
            document["token_endpoint"],
            limits=_LIMITS,
            method="POST",
            body=urlencode(fields).encode(),
            headers=headers,
        )
        if answer.status in (400, 401, 403):
            raise ApprovalError(f"the provider refused the code ({answer.status})")
        return _object(answer.status, answer.body, "its answer to a code")

    async def _document(self, client: VerifiedFetcher) -> dict[str, Any]:
        memory, now = self._kept, self._seconds()
        if now - memory.document_at < _KEPT_S:
            return memory.document
        if now - memory.failed_at < _LEFT_ALONE_S:
            raise SourceError(memory.failed)
        try:
            answer = await client.fetch(
                self._settings.issuer.rstrip("/") + DISCOVERY, limits=_LIMITS
            )
            document = _object(answer.status, answer.body, "its document")
            _require_document(document, self._settings.issuer)
        except SourceError as error:
            memory.failed, memory.failed_at = str(error), self._seconds()
            raise
        memory.document, memory.document_at = document, self._seconds()
        return document

    async def _keys(
        self, client: VerifiedFetcher, document: Mapping[str, Any], token: str
    ) -> Sequence[Mapping[str, Any]]:
        memory, header = self._kept, header_of(token)
        age_s = self._seconds() - memory.keys_at
        is_known = any(fits(header, key) for key in memory.keys)
        if age_s < (_KEPT_S if is_known else _KEYS_ANEW_S):
            return memory.keys
        answer = await client.fetch(document["jwks_uri"], limits=_LIMITS)
        keys = _object(answer.status, answer.body, "its keys").get("keys")
        if not isinstance(keys, list) or len(keys) > MOST_KEYS:
            raise SourceError("the identity provider: its keys are none, or too many")
        memory.keys = [key for key in keys if isinstance(key, dict)]
        memory.keys_at = self._seconds()
        return memory.keys


def _object(status: int, body: bytes, what: str) -> dict[str, Any]:
    if status != 200:
        raise SourceError(f"the identity provider: {what} has the status {status}")
    try:
        read = parsed_json(body)
    except ValueError as error:
        raise SourceError(f"the identity provider: {what} is no JSON") from error
    if not isinstance(read, dict):
        raise SourceError(f"the identity provider: {what} is no object")
    return read


def _require_document(document: Mapping[str, Any], issuer: str) -> None:
    # Else whoever answers there could send people to a provider of its own.
    if document.get("issuer") != issuer:
        raise SourceError("the identity provider: its document names another issuer")
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        url = document.get(name)
        if not isinstance(url, str) or len(url) > _LONGEST_URL or not is_safe_url(url):
            raise SourceError(f"the identity provider: {name} is no URL of https")
    for name in ("code_challenge_methods_supported", "token_endpoint_auth_methods_supported"):
        if not isinstance(document.get(name, []), list):
            raise SourceError(f"the identity provider: {name} is no list")
    if "S256" not in document.get("code_challenge_methods_supported", ["S256"]):
        raise SourceError("the identity provider: it knows no PKCE with S256")
