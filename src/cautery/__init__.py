"""Cautery: watch, identify, map, estimate, plan, act and prove, against pirate re-broadcasts.

The command ``cautery`` is the usual way in; ``docs/tutorial`` walks through it. As a library,
read :mod:`cautery.model` for the nouns and :mod:`cautery.workflows` for what can be done.
"""

__version__ = "0.2.0"
