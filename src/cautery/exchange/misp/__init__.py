"""MISP: events with objects of our own templates, which any MISP takes once it has them.

The templates lie in ``objects`` as misp-objects has them, the taxonomies in ``taxonomies`` as
misp-taxonomies has them, ready to be offered there or to be put into a MISP of one's own.
"""

from __future__ import annotations

from cautery.exchange.misp._fields import KINDS, PACKAGE, RELATION
from cautery.exchange.misp._read import read
from cautery.exchange.misp._templates import entries, template
from cautery.exchange.misp._write import write
from cautery.exchange.shape import Format

__all__ = ["FORMAT", "warm"]

_SIGNS = (b'"Event"', b'"object_relation"', b'"Orgc"', b'"threat_level_id"', b'"object_uuid"')


def _recognises(head: bytes) -> bool:
    """Tell whether the first bytes of a file look like an event of MISP."""
    return head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[") and any(
        sign in head for sign in _SIGNS
    )


def warm() -> None:
    """Load the templates and taxonomies, for a reader that may open no file later."""
    for name in (*KINDS, PACKAGE, RELATION):
        template(name)
    entries("iptv-supply", "role")


FORMAT = Format(
    name="misp",
    title="MISP event",
    suffix=".json",
    media_type="application/json",
    write=write,
    read=read,
    recognises=_recognises,
    consumers={
        "MISP": (
            "It acts on no end by itself: last_seen is shown, and a decaying model alone uses it. "
            "It cuts a text of over 65,535 bytes; an attribute that a later export lacks stays. "
            "Without our templates it keeps the objects, and offers no form for them."
        ),
        "misp-stix": (
            "From MISP to STIX no indicator has a valid_until, though its attribute has last_seen; "
            "PAP becomes a label. From STIX to MISP a domain-name beside an indicator of the same "
            "value loses expiry and TLP without a word, and infrastructure is dropped."
        ),
    },
)
