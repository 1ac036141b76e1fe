"""Domain registrations: registrar, dates and name servers, the registrant as a pseudonym."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cautery.errors import SourceError
from cautery.formats._dates import moment_of
from cautery.formats._json import other_in, text_in
from cautery.formats._text import text_of, whole
from cautery.json_text import parsed_json
from cautery.model import Registration

FORMAT = "RDAP answer about a domain, and the bootstrap registry"
SPECIFICATION = "RFC 9083 (answers), RFC 7095 (jCard), RFC 9224 (bootstrap)"
MEDIA_TYPES = ("application/rdap+json", "application/json")

_MOST_BYTES = 2_000_000
_MOST_ENTITIES = 200
_MASKED = re.compile(
    r"(?i)redacted|privacy|whois\s?guard|not disclosed|data protected|withheld|proxy|gdpr|masked|"
    r"statutory|contact domain holder|identity protect"
)


_EPP = {
    words: "".join(word if not at else word.title() for at, word in enumerate(words.split()))
    for words in (
        "client delete prohibited", "client hold", "client renew prohibited",
        "client transfer prohibited", "client update prohibited", "server delete prohibited",
        "server hold", "server renew prohibited", "server transfer prohibited",
        "server update prohibited", "add period", "auto renew period", "renew period",
        "transfer period", "redemption period", "pending restore", "pending create",
        "pending delete", "pending renew", "pending transfer", "pending update",
    )
} | {"active": "ok"}  # fmt: skip
"""RDAP's words for EPP's status codes (RFC 8056), so that both sources say the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RdapAnswer:
    """What a registry or registrar answers.

    Parameters
    ----------
    other : tuple of (str, str)
        All that is not understood. What may be a person's (contacts, remarks, extensions) stands
        there as its keyed hash.
    """

    registration: Registration
    other: tuple[tuple[str, str], ...]


def read_registration(
    chunks: Iterable[bytes], *, redact: Callable[[str], str], seen_at: datetime
) -> Registration:
    """Read an RDAP domain object.

    Parameters
    ----------
    redact : callable
        Turns a contact into its keyed hash; contacts leave this function in no other form. One that
        the registry masks ("REDACTED FOR PRIVACY") is ``None``: thousands share that text.

    Raises
    ------
    SourceError
        If it is no RDAP domain object.
    """
    return read_rdap(chunks, redact=redact, seen_at=seen_at).registration


def read_rdap(
    chunks: Iterable[bytes], *, redact: Callable[[str], str], seen_at: datetime
) -> RdapAnswer:
    """Read an RDAP domain object, and what is not understood in it.

    Raises
    ------
    SourceError
        If it is no RDAP domain object.
    """
    answer = _json(chunks)
    name = answer.get("ldhName") or answer.get("unicodeName")
    if answer.get("objectClassName") not in ("domain", None) or not isinstance(name, str):
        code = answer.get("errorCode")
        why = f" (error {code})" if isinstance(code, int) else ""
        raise SourceError(f"not an RDAP domain{why}")
    entities = _entities(answer)
    events = {
        str(mapping.get("eventAction", "")).lower(): _moment(mapping.get("eventDate"))
        for mapping in _mappings(answer.get("events"))
    }
    nameservers = {
        str(mapping["ldhName"]).lower().rstrip(".")[:253]
        for mapping in _mappings(answer.get("nameservers"))[:64]
        if isinstance(mapping.get("ldhName"), str)
    }
    registrar = next((_named(entity) for entity in entities if "registrar" in _roles(entity)), None)
    registrant = next(
        (_identity(entity) for entity in entities if "registrant" in _roles(entity)), None
    )
    registration = Registration(
        domain=name.lower().rstrip(".")[:253],
        registrar=registrar,
        created=events.get("registration"),
        changed=events.get("last changed"),
        nameservers=tuple(sorted(nameservers)),
        registrant=redact(registrant) if registrant else None,
        seen_at=seen_at,
        expires=events.get("expiration"),
        status=tuple(
            _EPP.get(text.lower(), text)[:80] for text in _texts(answer.get("status"))[:32]
        ),
    )
    return RdapAnswer(registration=registration, other=tuple(_other(answer, entities, redact)))


def _other(
    answer: Mapping[str, Any], entities: list[Mapping[str, Any]], redact: Callable[[str], str]
) -> Iterator[tuple[str, str]]:
    for mapping in _mappings(answer.get("events"))[:_MOST_ENTITIES]:
        action = str(mapping.get("eventAction", "")).lower()[:100]
        if action not in _EVENTS and isinstance(mapping.get("eventDate"), str):
            yield f"event {action}", mapping["eventDate"][:100]
    for entity in entities:
        for role in _roles(entity):
            if role == "registrar":
                for number in _mappings(entity.get("publicIds"))[:4]:
                    yield (
                        "registrar id",
                        text_in(number.get("identifier"), most_characters=40) or "",
                    )
            elif role != "registrant" and (identity := _identity(entity)):
                yield f"entity {role}"[:100], redact(identity)
    for name, value in other_in(dict(answer), _MEMBERS, most_fields=_MOST_ENTITIES):
        yield name, value if name in _IMPERSONAL else redact(value)


_EVENTS = frozenset(("registration", "last changed", "expiration"))
_MEMBERS = frozenset(
    ("objectClassName", "ldhName", "status", "events", "entities", "nameservers",
     "rdapConformance", "links", "notices")
)  # fmt: skip
_IMPERSONAL = frozenset(("handle", "unicodeName", "port43", "secureDNS", "lang", "variants"))


def read_bootstrap(chunks: Iterable[bytes]) -> dict[str, str]:
    """Read the bootstrap registry for domains: top-level domain to base URL, https preferred.

    Raises
    ------
    SourceError
        If it is not that registry.
    """
    registry = _json(chunks)
    services = registry.get("services")
    if not isinstance(services, list):
        raise SourceError("not an RDAP bootstrap registry: it has no services")
    servers: dict[str, str] = {}
    for service in services[:10_000]:
        if not isinstance(service, list) or len(service) < 2:
            continue
        labels, urls = service[0], service[1]
        if not isinstance(labels, list) or not isinstance(urls, list):
            continue
        usable = [url for url in urls if isinstance(url, str) and url.startswith("http")]
        usable.sort(key=lambda url: not url.startswith("https:"))
        for label in labels:
            if isinstance(label, str) and usable:
                servers[label.lower()] = usable[0].rstrip("/")
    return servers


def _json(chunks: Iterable[bytes]) -> Mapping[str, Any]:
    data = whole(chunks, most_bytes=_MOST_BYTES, expected_format="RDAP answer")
    try:
        answer = parsed_json(text_of(data))
    except ValueError as error:
        raise SourceError(f"RDAP answer: not valid JSON ({error})"[:200]) from error
    if not isinstance(answer, Mapping):
        raise SourceError("RDAP answer: not a JSON object")
    return answer


def _mappings(value: object) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _texts(value: object) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []


def _entities(answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Entities and those inside them, breadth first, bounded."""
    entities = _mappings(answer.get("entities"))[:_MOST_ENTITIES]
    for entity in list(entities):
        entities += _mappings(entity.get("entities"))[: _MOST_ENTITIES - len(entities)]
    return entities[:_MOST_ENTITIES]


def _roles(entity: Mapping[str, Any]) -> tuple[str, ...]:
    roles = entity.get("roles")
    return tuple(str(role).lower() for role in roles) if isinstance(roles, list) else ()


def _card(entity: Mapping[str, Any]) -> dict[str, str]:
    card = entity.get("vcardArray")
    if not isinstance(card, list) or len(card) < 2 or not isinstance(card[1], list):
        return {}
    fields: dict[str, str] = {}
    for line in card[1][:200]:
        if isinstance(line, list) and len(line) >= 4 and isinstance(line[0], str):
            value = line[3]
            if isinstance(value, list):
                value = " ".join(str(part) for part in value if isinstance(part, str))
            if isinstance(value, str) and value.strip():
                fields.setdefault(line[0].lower(), " ".join(value.split())[:300])
    return fields


def _named(entity: Mapping[str, Any]) -> str | None:
    card = _card(entity)
    return card.get("fn") or card.get("org") or None


def _identity(entity: Mapping[str, Any]) -> str | None:
    card = _card(entity)
    for part in ("email", "org", "fn", "tel"):
        value = card.get(part)
        if value and not _MASKED.search(value):
            return f"{part}:{value.casefold()}"
    return None


def _moment(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    return moment_of(value)
