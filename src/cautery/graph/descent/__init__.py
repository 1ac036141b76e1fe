"""Descendants of struck networks, proposed day by day from what was known on that day.

Examples
--------
>>> from datetime import date
>>> from cautery.graph.descent import Follower
>>> from cautery.model.descent import Trait, TraitKind, TraitSeen, TraitSet
>>> struck = TraitSet(
...     of="case-1",
...     acted_on=date(2026, 3, 1),
...     traits=(Trait(kind=TraitKind.STREAM_FAULT, value="delay 3.21 s"),
...             Trait(kind=TraitKind.PAYMENT_END, value="shop-8f3a")),
... )
>>> follower = Follower([struck])
>>> seen = [
...     TraitSeen(entity="new-tv.example", kind=kind, value=value, day=date(2026, 3, 4),
...               source="watch")
...     for kind, value in ((TraitKind.STREAM_FAULT, "delay 3.21 s"),
...                         (TraitKind.PAYMENT_END, "shop-8f3a"))
... ]
>>> [(proposal.entity, proposal.of) for proposal in follower.day(date(2026, 3, 4), seen)]
[('new-tv.example', 'case-1')]
"""

from cautery.graph.descent.online import THRESHOLD, Follower

__all__ = ["THRESHOLD", "Follower"]
