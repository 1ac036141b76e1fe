"""Noisy title to licensed channel, event or work, or to none.

Example
-------
>>> from cautery.catalogue import Catalogue, Resolver, Right
>>> mine = Catalogue((
...     Right(id="arena1.es", kind="channel", names=("Arena 1", "Arena Uno"), country="es"),
...     Right(id="arena2.es", kind="channel", names=("Arena 2",), country="es"),
... ))
>>> resolver = Resolver(mine)
>>> [resolver.resolve(title).right for title in ("|ES| ARENA 2 FHD", "ARENA UNO 4K", "Cuisine TV")]
['arena2.es', 'arena1.es', None]
"""

from cautery.catalogue.normalise import Title, country_code, normalise
from cautery.catalogue.resolve import THRESHOLD, Resolution, Resolver, resolve
from cautery.catalogue.rights import Catalogue, Right, event_names

__all__ = [
    "THRESHOLD",
    "Catalogue",
    "Resolution",
    "Resolver",
    "Right",
    "Title",
    "country_code",
    "event_names",
    "normalise",
    "resolve",
]
