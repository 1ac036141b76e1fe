"""STIX 2.1: bundles for tools of threat intelligence, out and in (ADR 0089).

>>> from cautery.exchange.stix import FORMAT
>>> FORMAT.suffix
'.json'
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cautery.exchange.naming import uuid_of
from cautery.exchange.shape import Format
from cautery.exchange.stix.bundle import written
from cautery.exchange.stix.objects_out import stix_objects
from cautery.exchange.stix.reader import read, read_with
from cautery.model.exchange import Package
from cautery.model.times import iso

__all__ = [
    "FORMAT",
    "bundle_id",
    "looks_like_a_bundle",
    "read",
    "read_with",
    "stix_objects",
    "write",
]

_BUNDLE = re.compile(rb'"type"\s{0,9}:\s{0,9}"bundle"')


def write(package: Package) -> Iterator[bytes]:
    """Yield the bytes of a package's bundle."""
    return written(bundle_id(package), stix_objects(package))


def bundle_id(package: Package) -> str:
    """Return the id of a package's bundle: of the case, as of when it was made."""
    return f"bundle--{uuid_of(package.id, 'bundle', iso(package.made_at))}"


def looks_like_a_bundle(head: bytes) -> bool:
    """Tell whether the first bytes of a file look like a bundle."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    is_bundle = _BUNDLE.search(head) is not None
    return start == b"{" and (is_bundle or (b'"objects"' in head and b'"spec_version"' in head))


FORMAT = Format(
    name="stix",
    title="STIX 2.1 bundle",
    suffix=".json",
    media_type="application/stix+json;version=2.1",
    write=write,
    read=read,
    recognises=looks_like_a_bundle,
    consumers={
        "misp-stix": "It drops infrastructure. Of an indicator beside a domain-name of the same "
        "value it drops the end and the marking. Use --to misp for MISP.",
        "tools without our schemas": "They keep an extension as it is, or drop it: then the "
        "finding, likelihood ratio, interval, lever, order, role and category are gone.",
    },
)
