"""What a bundle says of its case as a whole: our reports of one case, or somebody's report."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime

from cautery.errors import InputError
from cautery.exchange.markings import joined
from cautery.exchange.stix import extension
from cautery.exchange.stix.fields import Thing, moment_in, ref_in, text_in
from cautery.exchange.stix.index import Index, naming
from cautery.exchange.stix.markings import Markings
from cautery.model import Marking
from cautery.model.exchange import Item, Package, Relation
from cautery.model.marking import HandlingCode, strictest


def own_package(
    index: Index,
    markings: Markings,
    file: str,
    items: tuple[Item, ...],
    relations: tuple[Relation, ...],
) -> Package:
    """Return the package of a bundle of ours: its newest report says of which case it is.

    Raises
    ------
    InputError
        If the bundle was made of two cases, or a report lacks what each of ours has.
    """
    reports = index.packages
    with naming(file, reports[0]):
        heads = {_head(report, index, markings) for report in reports}
        cases = {head[:2] for head in heads}
        if len(cases) > 1:
            raise InputError("the bundle was made of two cases")
        package_id, name, by, made_at, marking = max(heads, key=lambda head: head[3])
        return Package(
            id=package_id,
            name=name,
            by=by,
            made_at=made_at,
            marking=_over(marking, items, relations, markings.borne),
            items=items,
            relations=relations,
        )


def foreign_marking(
    report: Thing, markings: Markings, items: Iterable[Item], relations: Iterable[Relation]
) -> Marking | None:
    """Return the marking of somebody's bundle; ``None``: nothing in it bears one."""
    parts = [item.marking for item in items] + [relation.marking for relation in relations]
    parts += markings.borne
    return strictest([*parts, markings.of(report)] if report else parts)


def _head(
    report: Thing, index: Index, markings: Markings
) -> tuple[str, str, str, datetime, Marking]:
    of_case = extension.extension_in(report, frozenset({extension.PACKAGE.id}))
    assert of_case is not None
    fields = of_case[1]
    made_at = moment_in(fields, "made_at")
    provider = ref_in(report, "created_by_ref")
    if made_at is None or provider not in index.providers:
        raise InputError("the case has no made_at, or its provider is not in the bundle")
    title = text_in(fields, "title") or ""
    by = index.providers[provider]
    return ref_in(fields, "package"), title, by, made_at, markings.of(report)


def _over(
    marking: Marking,
    items: Iterable[Item],
    relations: Iterable[Relation],
    borne: AbstractSet[Marking],
) -> Marking:
    """Return the marking of a case's own, or a stricter one if somebody added what is stricter."""
    parts = {item.marking for item in items} | {relation.marking for relation in relations} | borne
    whole = marking
    for part in parts:
        if not _plain(whole).covers(_plain(part)):
            whole = joined(whole, part)
    return whole


def _plain(marking: Marking) -> Marking:
    """Return a marking without the words of H3: those of the whole hold those of its parts."""
    return replace(marking, handling=marking.handling - {HandlingCode.H3}, h3_text=None)
