"""OpenCTI: STIX 2.1 with what OpenCTI needs beside it (docs/howto/connect-opencti.md).

OpenCTI makes an indicator only with a main observable type, scores it, and revokes it when it has
no end. So each indicator bears OpenCTI's own extension with both, stands beside its observable, and
all objects bear their kind and role as labels.

>>> from cautery.exchange.opencti import FORMAT
>>> FORMAT.name
'opencti'
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cautery.exchange.shape import NOTHING, Assumed, Format, Reading
from cautery.exchange.stix import bundle_id, looks_like_a_bundle, read_with, stix_objects
from cautery.exchange.stix.bundle import written
from cautery.exchange.stix.extension import ITEM_IDS, PROPERTY, extension_in
from cautery.exchange.stix.kinds import INDICATOR
from cautery.model.exchange import Package
from cautery.model.graph import Role

__all__ = ["FORMAT", "opencti_objects", "write"]

OPENCTI = "extension-definition--ea279b3e-5c71-4632-ac08-831c66a786ba"
"""OpenCTI's own extension (docs/reference/sources.md, F101)."""
_OBSERVABLES = {
    "[url:": "Url",
    "[domain-name:": "Domain-Name",
    "[ipv4-addr:": "IPv4-Addr",
    "[ipv6-addr:": "IPv6-Addr",
}
_UNSTATED = 50
"""OpenCTI's own default of a score."""
_ROLES = frozenset(map(str, Role))


def opencti_objects(package: Package) -> Iterator[dict[str, Any]]:
    """Yield the objects of a package as OpenCTI takes them."""
    for thing in stix_objects(package, beside_indicators=True):
        of_item = extension_in(thing, ITEM_IDS)
        if of_item is None:
            yield thing
            continue
        fields = of_item[1]
        labels = [fields["kind"]]
        if fields.get("role") in _ROLES - {fields["kind"]}:
            labels.append(fields["role"])
        extensions = dict(thing["extensions"])
        if thing["type"] == INDICATOR:
            extensions[OPENCTI] = _scored(thing)
        yield thing | {"labels": labels, "extensions": extensions}


def write(package: Package) -> Iterator[bytes]:
    """Yield the bytes of a package's bundle for OpenCTI."""
    return written(bundle_id(package), opencti_objects(package))


def read(raw: bytes, file: str, assumed: Assumed = NOTHING) -> Reading:
    """Return the package that a bundle is; what OpenCTI adds to each object is not counted."""
    unread = frozenset({"labels", f"extensions.{OPENCTI}"})
    return read_with(raw, file, assumed, unread=unread, objects_of=opencti_objects)


def _scored(indicator: dict[str, Any]) -> dict[str, Any]:
    """Return OpenCTI's extension of an indicator: what is revoked scores nothing."""
    score = indicator.get("confidence", _UNSTATED)
    kinds = (
        _OBSERVABLES[start] for start in _OBSERVABLES if indicator["pattern"].startswith(start)
    )
    return {
        "extension_type": PROPERTY,
        "score": 0 if indicator.get("revoked") else score,
        "main_observable_type": next(kinds),
        "detection": False,
    }


FORMAT = Format(
    name="opencti",
    title="STIX 2.1 bundle for OpenCTI",
    suffix=".opencti.json",
    media_type="application/stix+json;version=2.1",
    write=write,
    read=read,
    recognises=lambda head: looks_like_a_bundle(head) and OPENCTI.encode() in head,
    consumers={
        "OpenCTI: decay rules": "While decay rules are on, a change of the score starts the decay "
        "anew and moves valid_until. Switch them off for what Cautery sends.",
        "OpenCTI: expiry": "It revokes an indicator when valid_until has passed, and one "
        "without it at once or after a term of its own. Cautery writes valid_until on each.",
        "OpenCTI: extensions": "It does not keep Cautery's own: the finding, likelihood ratio, "
        "interval, lever, order, category and fact or assessment are gone when it exports again.",
        "OpenCTI: ids": "It makes an indicator's id of the pattern: two blocks of one target, by "
        "two agencies or under two orders, become one, with the times of the last that came.",
        "OpenCTI: times": "It keeps times to the millisecond.",
        "OpenCTI: statement markings": "It keeps PAP, handling codes and evaluations as markings; "
        "who may see what bears them is for its administrator to set.",
    },
)
