"""Our secrets that a stranger sends back: found in any text, however they are written."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from cautery.model.hidden import Location, Secret
from cautery.model.pseudonyms import Pseudonyms
from cautery.model.sighting import line_in

LEAST = 6
"""Letters of a secret that is looked for: a shorter one stands in many a title by chance."""
_OWN_DIGESTS = (
    r"sha256:[0-9a-f]{64}|(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])|~[0-9a-f]{16}"
    r"|[0-9-]{10}T[0-9:.]{8,20}Z"
)
"""Digests, pseudonyms and moments, in which a number may stand by chance."""
_LOWER = bytes(
    ord(lower) if ord(lower := chr(letter).lower()) < 256 else letter for letter in range(256)
)
"""Small letters of ISO 8859-1; a whole megabyte takes 1 ms, where text takes ten times as long."""


class OwnSecrets:
    """Replaces our secrets in texts by their keyed hashes.

    They are found as they are, in any case, percent-encoded, in Base64 and in hexadecimal.

    Examples
    --------
    >>> from cautery.model.pseudonyms import KeyedPseudonyms
    >>> own = OwnSecrets(KeyedPseudonyms(b"k"))
    >>> own.add(["gehe1m"])
    >>> own.scrubbed("VIP GEHE1M or Z2VoZTFt") == "VIP ~{0} or ~{0}".format(
    ...     KeyedPseudonyms(b"k").of("gehe1m")
    ... )
    True
    """

    def __init__(self, pseudonyms: Pseudonyms) -> None:
        self._pseudonyms = pseudonyms
        self._stands_for: dict[str, str] = {}
        self._as_bytes: tuple[bytes, ...] = ()
        self._pattern = re.compile(f"{_OWN_DIGESTS}|(a^)")

    def add(self, secrets: Iterable[str]) -> None:
        """Look for these, too; those of fewer than six letters are left."""
        new = {
            form.lower(): "~" + self._pseudonyms.of(secret)
            for secret in secrets
            if len(secret) >= LEAST
            for form in _forms(secret)
        }
        if new.items() <= self._stands_for.items():
            return
        new = self._stands_for | new  # another one: threads may be reading the old
        words = "|".join(map(re.escape, sorted(new, key=len, reverse=True)))
        self._pattern = re.compile(f"{_OWN_DIGESTS}|(?i:({words}))")
        self._stands_for = new
        # A letter that has no byte stands in no text of bytes.
        as_bytes = (form.encode("latin-1") for form in new if _has_bytes(form))
        self._as_bytes = tuple(as_bytes)

    def stand_in(self, payload: bytes) -> bool:
        """Tell whether one of them stands in bytes, each taken for a letter of ISO 8859-1."""
        lower = payload.translate(_LOWER)
        if not any(form in lower for form in self._as_bytes):
            return False
        text = payload.decode("latin-1")
        return self.scrubbed(text) != text

    def scrubbed(self, text: str) -> str:
        """Return a text without them."""
        lower = text.lower()
        if not any(secret in lower for secret in self._stands_for):
            return text
        return self._pattern.sub(self._shown, text)

    def _shown(self, match: re.Match[str]) -> str:
        return match[0] if match[1] is None else self._stands_for.get(match[1].lower(), "~")


def _has_bytes(form: str) -> bool:
    return all(ord(letter) < 256 for letter in form)


def secrets_in(noun: Any) -> Iterator[str]:
    """Yield the secrets of a noun, such as a mandate: its logins, and those in its URLs.

    What stands in a plain text of the noun, or in the host of one of its URLs, is no secret: every
    record shows it.
    """
    public: list[str] = []
    secret: list[str] = []
    for text in _texts_in(noun):
        if isinstance(text, Location):
            public.append(_host(text.reveal()))
            secret += line_in(text.reveal())
        elif isinstance(text, Secret):
            secret.append(text.reveal())
        else:
            public.append(text)
    public_text = "\n".join(public).lower()
    yield from (candidate for candidate in secret if candidate.lower() not in public_text)


def _texts_in(noun: Any) -> Iterator[str | Secret | Location]:
    if isinstance(noun, str | Secret | Location):
        yield noun
    elif is_dataclass(noun) and not isinstance(noun, type):
        for field in fields(noun):
            yield from _texts_in(getattr(noun, field.name))
    elif isinstance(noun, tuple | list | frozenset):
        for member in noun:
            yield from _texts_in(member)


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _forms(secret: str) -> Iterator[str]:
    """Yield how a secret may be written."""
    raw = secret.encode("utf-8", "replace")
    yield secret
    yield quote(secret, safe="")
    yield quote(quote(secret, safe=""), safe="")
    yield "".join(f"%{byte:02x}" for byte in raw)
    yield raw.hex()
    for before, start in ((0, 0), (1, 2), (2, 3)):  # wherever it begins in what is encoded
        size = before + len(raw)
        for encoded in (base64.b64encode, base64.urlsafe_b64encode):
            yield encoded(bytes(before) + raw).decode()[start : size * 8 // 6]
