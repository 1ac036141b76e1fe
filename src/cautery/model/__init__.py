"""The shared nouns of Cautery: frozen, checked at birth, no I/O.

Examples
--------
>>> from datetime import UTC, datetime
>>> from cautery.model import Window
>>> match = Window(
...     start=datetime(2026, 11, 24, 20, 30, tzinfo=UTC),
...     end=datetime(2026, 11, 24, 23, 0, tzinfo=UTC),
... )
>>> match.seconds
9000.0
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cautery.model.nouns import *  # noqa: F403 - it names them all in __all__
else:

    def __getattr__(name: str) -> Any:
        """Load all nouns when one is first asked for.

        A child that decodes, reads or signs imports the one module that it needs from here, and
        the other nouns would double the time of its start.
        """
        if name.startswith("__") and name != "__all__":
            raise AttributeError(name)
        nouns = importlib.import_module("cautery.model.nouns")
        globals().update({noun: getattr(nouns, noun) for noun in nouns.__all__})
        globals()["__all__"] = nouns.__all__
        return getattr(nouns, name)
