"""Who and what a seizure page may name: agencies that a person chose, brands that are facts."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

from cautery.errors import InputError
from cautery.model import Agency, AgencyRole, StatementKind
from cautery.operation.publication import may_be_published
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.holdings import Held, held

BRAND = "brand"
"""The detail of a statement that says what a service calls itself."""
_LONGEST_BRAND = 100


def named_agencies(desk: Desk, ids: Sequence[str]) -> tuple[Agency, ...]:
    """Return the agencies that agreed to be named, in the order of the table.

    Raises
    ------
    InputError
        If there is none, one is not at the table, or none of them is an authority.
    """
    if not ids:
        raise InputError(
            "no agency is named",
            hint="Name each agency that agreed to it: --agency it-postal --agency eurojust",
        )
    agency_ids = {desk.operation.agency(name).id for name in ids}
    agencies = tuple(agency for agency in desk.operation.agencies if agency.id in agency_ids)
    if all(agency.role is AgencyRole.INDUSTRY for agency in agencies):
        raise InputError(
            "only industry is named, which takes nothing over",
            hint="Name an authority of the operation: --agency ID",
        )
    return agencies


def named_brands(desk: Desk, names: Sequence[str] = ()) -> tuple[tuple[str, ...], int]:
    """Return the brands that everybody may read, and how many are withheld by marking.

    A brand is the detail ``brand`` of a signed statement that is a fact and stands. With ``names``
    these alone are returned.

    Raises
    ------
    InputError
        If a names brand may not be named, saying why.
    """
    rows = [row for row in held(desk) if _brand(row)]
    open_brands = {_brand(row): None for row in rows if not _objection(row)}
    marked = {_brand(row) for row in rows if _objection(row) == _MARKED} - open_brands.keys()
    for brand in names:
        if brand not in open_brands:
            objections = [_objection(row) for row in rows if _brand(row) == brand]
            why = objections[-1] if objections else "no statement of this case says so"
            raise InputError(f"brand {brand[:60]!a}: {why}")
    return tuple(names or sorted(open_brands)), len(marked)


_MARKED = "its marking does not allow that everybody reads it"


def _brand(row: Held) -> str:
    brand = row.statement.details.get(BRAND)
    return brand.strip()[:_LONGEST_BRAND] if isinstance(brand, str) else ""


def _objection(row: Held) -> str:
    """Return why a brand may not be named; empty: it may be."""
    statement = row.statement
    if statement.details.get("withdrawn"):
        return "the statement was withdrawn"
    if row.corrected_by is not None:
        return (
            f"statement {statement.id[:16]} was corrected or withdrawn by {row.corrected_by[:16]}"
        )
    if statement.kind is not StatementKind.FACT:
        return "it is an assessment, not a fact"
    if not row.signed:
        return "its statement bears no signature"
    return "" if may_be_published(statement) else _MARKED


def check_names(names: Iterable[tuple[str, str]], *, right_to_left: bool) -> None:
    """Refuse names that could read otherwise than they are written.

    Letters that are written from right to left turn what stands around them. On a page that has a
    language written so they are at home; elsewhere few readers would see that they are there.

    Parameters
    ----------
    names : iterable of (str, str)
        What is said first of an error, and the name.
    right_to_left : bool
        Whether the page has such a language.

    Raises
    ------
    InputError
        If a name has characters that are not shown, or such letters.
    """
    for where, text in names:
        if not text.isprintable():
            raise InputError(
                f"{where}: {text[:60]!a} has characters that are not shown or turn the "
                "direction of writing"
            )
        if not right_to_left and any(
            unicodedata.bidirectional(letter) in ("R", "AL", "AN") for letter in text
        ):
            raise InputError(
                f"{where}: {text[:60]!a} has right-to-left letters, and no language of the "
                "page is written so",
                hint="Write the name in the letters of the page's languages, or add a language.",
            )
