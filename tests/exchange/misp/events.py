"""Events of MISP for tests, as its REST interface gives them; made here, of nobody's."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import NAMESPACE_URL, uuid5


def uuid_of(words: str) -> str:
    """Return a uuid that the words name."""
    return str(uuid5(NAMESPACE_URL, ascii(words)))


def attribute(kind: str, value: str, **more: Any) -> dict[str, Any]:
    """Return an attribute as MISP's REST interface gives it."""
    return {
        "id": "7",
        "type": kind,
        "category": "Network activity",
        "to_ids": True,
        "uuid": uuid_of(f"{kind} {value}"),
        "event_id": "1",
        "distribution": "5",
        "timestamp": "1780000000",
        "comment": "",
        "sharing_group_id": "0",
        "deleted": False,
        "disable_correlation": False,
        "object_id": "0",
        "object_relation": None,
        "first_seen": None,
        "last_seen": None,
        "value": value,
        "Galaxy": [],
        "ShadowAttribute": [],
        **more,
    }


def event(*attributes: dict[str, Any], tags: tuple[str, ...] = ("tlp:amber",), **more: Any) -> Any:
    """Return an event as MISP's REST interface gives it."""
    return {
        "Event": {
            "id": "1",
            "orgc_id": "1",
            "org_id": "1",
            "date": "2026-05-28",
            "threat_level_id": "4",
            "info": "Streams of May",
            "published": True,
            "uuid": uuid_of("event"),
            "analysis": "1",
            "timestamp": "1780000001",
            "distribution": "1",
            "Org": {"id": "1", "name": "LEAGUE", "uuid": uuid_of("LEAGUE")},
            "Orgc": {"id": "1", "name": "CERT-X", "uuid": uuid_of("CERT-X")},
            "Attribute": list(attributes),
            "Object": [],
            "Tag": [{"id": "3", "name": name, "colour": "#ffc000"} for name in tags],
            **more,
        }
    }


def raw(value: Any) -> bytes:
    """Return JSON."""
    return json.dumps(value).encode()


def big_event(count: int) -> Iterator[bytes]:
    """Yield an event of so many attributes, as MISP gives it: half of them are mail addresses."""
    head = raw(event())[:-2].replace(b'"Attribute": [], ', b"")
    yield head + b', "Attribute": ['
    for number in range(count):
        kind = "hostname" if number % 2 else "email-dst"
        value = f"host-{number}.example" if number % 2 else f"nobody-{number}@mail.example"
        yield (b", " if number else b"") + raw(attribute(kind, value))
    yield b"]}}"
