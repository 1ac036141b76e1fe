"""Noisy title to licensed channel, event or work, or to none.

Examples
--------
>>> from cautery.catalogue import Catalogue, Resolver, Right
>>> mine = Catalogue((
...     Right(id="arena1.es", kind="channel", names=("Arena 1", "Arena Uno"), country="es"),
...     Right(id="arena2.es", kind="channel", names=("Arena 2",), country="es"),
... ))
>>> resolver = Resolver(mine)
>>> [resolver.resolve(title).right for title in ("|ES| ARENA 2 FHD", "ARENA UNO 4K", "Cuisine TV")]
['arena2.es', 'arena1.es', None]
"""

from cautery.catalogue._around import Listing
from cautery.catalogue.normalise import Title, normalise
from cautery.catalogue.places import country_code
from cautery.catalogue.resolution import Guess, Resolution
from cautery.catalogue.resolve import THRESHOLD, Resolver
from cautery.catalogue.rights import Catalogue, Right

__all__ = [
    "THRESHOLD",
    "Catalogue",
    "Guess",
    "Listing",
    "Resolution",
    "Resolver",
    "Right",
    "Title",
    "country_code",
    "normalise",
]
