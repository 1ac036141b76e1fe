"""Descendants of struck networks, proposed day by day from what was known on that day.

Examples
--------
What a newcomer shows weighs by how rare it is among all who were seen:

>>> from datetime import date
>>> from cautery.graph.descent import Follower
>>> from cautery.model.descent import Trait, TraitKind, TraitSeen, TraitSet
>>> shown = {TraitKind.STREAM_FAULT: "delay 3.21 s", TraitKind.PAYMENT_END: "shop-8f3a"}
>>> struck = TraitSet(
...     of="case-1",
...     acted_on=date(2026, 3, 1),
...     traits=tuple(Trait(kind=kind, value=value) for kind, value in shown.items()),
... )
>>> def seen(entity, day, end=""):
...     return [
...         TraitSeen(entity=entity, kind=kind, value=value + end, day=day, source="watch")
...         for kind, value in shown.items()
...     ]
>>> follower, before, after = Follower([struck]), date(2026, 2, 27), date(2026, 3, 4)
>>> others = [seen(f"tv{number}.example", before, f" {number}") for number in range(20)]
>>> follower.day(before, [row for rows in others for row in rows])
()
>>> [proposal] = follower.day(after, seen("new-tv.example", after))
>>> proposal.entity, proposal.of
('new-tv.example', 'case-1')
"""

from cautery.graph.descent.online import THRESHOLD, Follower

__all__ = ["THRESHOLD", "Follower"]
