"""Sentences about a joint operation."""

from __future__ import annotations

TEXTS: dict[str, str | tuple[str, str]] = {
    "step.at-the-moment": "the moment",
    "step.as-planned": "as planned",
    "step.as-soon-as-possible": "as soon as possible",
    "step.after": "after %(step)s",
    "step.before": "before %(step)s",
    "step.before-the-moment": "before the moment",
    "step.team-comes-from": "team %(team)s comes from step %(step)s",
    "step.team-leaves-for": "before team %(team)s leaves for %(step)s",
    "step.warns-target-of": "it warns the target of %(step)s, which begins later",
    "step.search-hours": "a search in %(country)s may not begin earlier",
    "step.failed": "failed: %(remark)s; %(reason)s",
    "step.failed-replaced": "failed: %(remark)s; in its place: %(steps)s",
    "step.failed-and-dropped": "%(reason)s; but %(further)s",
    "step.no-reason-given": "no reason given",
    "step.nothing-available": "no other team or act is available",
    "step.replacement-dropped": "%(step)s: %(reason)s",
    "step.replacement-too-late": (
        "%(step)s has already begun on %(target)s, so a replacement would be too late"
    ),
    "step.too-late": (
        "not done: step %(step)s cannot begin within %(warning_s)s after step %(by)s, which warns "
        "its target"
    ),
    "step.waits-in-vain": "not done: it waits for %(step)s, which has no replacement",
    "step.without-continuity": "not done: %(detail)s",
    "step.cannot-begin-together": (
        "not done: it warns a suspect and cannot begin together with the others"
    ),
    "act.not-allowed": "not allowed",
    "act.not-described": (
        "other statements refer to it, but none describes it: its kind and owner are unknown"
    ),
    "act.out-of-reach": "no agency at the table can act in %(country)s",
    "act.unknown-country": "an unknown country",
    "act.guard-objects": "the guard: %(reason)s",
    "act.failed-on-day": "it failed on the day",
    "event.national-raid": "a national action against a few edges and resellers",
    "event.blocking": "%(event)s: names and addresses, for the length of the event",
    "event.notices": "a round of notices to hosters, for the length of the event",
    "event.action-day": "%(title)s: the day",
    "event.descendant": "%(asset)s appears in place of %(like)s",
    "event.second-action": "the action on the descendants, with leads from the seized material",
    "sizing.silent": "%(method)s: %(reason)s",
    "refused.statement": "statement %(statement)s of %(by)s: %(reason)s",
    "refused.another-statement": (
        "%(by)s has signed another statement under this id: the first one counts"
    ),
    "refused.another-marking": (
        "%(by)s has signed another marking (%(marking)s) under this id: the first one counts"
    ),
    "refused.corrected": "%(by)s has corrected or withdrawn it by %(statement)s",
    "refused.not-genuine": "%(detail)s",
    "refused.not-allowed": "%(detail)s",
    "trace.follows-nothing": (
        "Follows nothing beyond the record: a service's own address was paid."
    ),
    "trace.follows-owner": "Follows every coin that %(owner)s received.",
    "trace.follows-price": (
        "Follows only the %(prices)s of %(purchases)s, not what else %(owner)s received."
    ),
    "trace.follows-more": (
        "Follows every coin that %(owner)s received, not only the %(prices)s of %(purchases)s."
    ),
    "trace.owner": "the owner of %(address)s",
    "trace.owners": ("the owner of %(count)s address", "the owners of %(count)s addresses"),
    "trace.purchases": ("the purchase", "%(count)s purchases"),
    "trace.not-supplied": "%(address)s: not in the supplied transactions",
    "ending.paid-into": "purchase %(purchase)s was paid into it",
    "ending.tagged": "%(category)s, says %(source)s",
    "ending.fees": "network fees",
    "hold.merchant-account": "merchant account behind '%(descriptor)s'",
    "hold.deposit": "%(asset)s deposit %(address)s",
    "hold.customer": "customer and log-ins behind %(deposit)s",
    "hold.at-address": "%(asset)s at %(address)s",
    "grounds.took-money": "took the money of test purchases %(purchases)s",
    "grounds.arrived": "%(amount)s %(asset)s of the trail arrived there",
    "grounds.trail-ends": "the trail ends there; the customer may have withdrawn it since",
    "grounds.part-of-balance": (
        "of the %(balance)s %(asset)s there, this amount belongs to the trail"
    ),
}
