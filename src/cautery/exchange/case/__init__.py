"""CASE 1.5 and UCO as JSON-LD: an investigation with its observables, custody and blocks.

>>> from cautery.exchange.case import FORMAT
>>> FORMAT.suffix
'.jsonld'
"""

from cautery.exchange.case.reading import read, recognises
from cautery.exchange.case.writing import write
from cautery.exchange.shape import Format

FORMAT = Format(
    name="case",
    title="CASE 1.5 / UCO (JSON-LD)",
    suffix=".jsonld",
    media_type="application/ld+json",
    write=write,
    read=read,
    recognises=recognises,
    consumers={
        "a tool that does not load cautery.ttl": (
            "sees addresses, names, URLs, digests, relationships, actions and markings; what only "
            "our own words say (probability, likelihood ratio, interval, finding, an item's end "
            "that is no action) it keeps as data without a meaning"
        ),
        "case_utils, rdflib": "merges a graph's objects by id; the order of values is lost",
    },
)
"""The format, as ``--to case``."""
