"""What an operation tells everybody, for the desk's own people: press sheet and seizure page."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence

from cautery.errors import InputError
from cautery.pages.press_sheet import PressSheet
from cautery.pages.room.signal import SignalView
from cautery.workflows.browse.kept import Cases
from cautery.workflows.browse.operations import Operations
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.press_sheet import press_sheet
from cautery.workflows.operation.seizure_site import Choice, seizure_site
from cautery.workflows.operation.seizure_site.named import named_brands
from cautery.workflows.operation.seizure_site.offers import site_list
from cautery.workflows.operation.seizure_site.taken import taken_over

_TIME = (1980, 1, 1, 0, 0, 0)
"""Of each file in the archive: the earliest that a ZIP can say."""


def signal_view(cases: Cases, operations: Operations, id: str, *, seat: str | None) -> SignalView:
    """Return what can be told to everybody.

    Raises
    ------
    AbsentError
        If there is no such operation for who asks, or who asks is of another agency.
    """
    with operations.table(cases, id, seat) as table:
        table.refuse_seat()
        brands, unnamed = named_brands(table.desk)
        seizures, nothing, withheld = _seizures(table.desk)
        return SignalView(
            head=table.head,
            seizures=seizures,
            nothing=nothing,
            agencies=tuple((agency.id, agency.name) for agency in table.desk.operation.agencies),
            brands=brands,
            withheld=withheld + unnamed,
        )


def _seizures(desk: Desk) -> tuple[tuple[tuple[str, str], ...], str, int]:
    try:
        seizures = taken_over(desk)
    except InputError as error:
        return (), str(error).partition(": ")[2], 0
    rows = [(domain.name, f"{domain.exhibit}, {domain.measure}") for domain in seizures.domains]
    rows += [(panel.host, "") for panel in seizures.panels]
    return tuple(rows), "", seizures.withheld


def press_sheets(
    cases: Cases, operations: Operations, id: str, *, seat: str | None, languages: Sequence[str]
) -> list[PressSheet]:
    """Return the press sheet of an operation in some languages.

    Raises
    ------
    AbsentError
        As :func:`signal_view`.
    InputError
        If there is no such language.
    """
    with operations.table(cases, id, seat) as table:
        table.refuse_seat()
        made_at = cases.clock.now()
        return [press_sheet(table.desk, language=code, made_at=made_at) for code in languages]


def seizure_archive(
    cases: Cases,
    operations: Operations,
    id: str,
    *,
    seat: str | None,
    offers: str,
    choice: Choice,
    where: str,
) -> bytes:
    """Return the folder of a seizure page as a ZIP.

    Parameters
    ----------
    offers : str
        The list, as TOML.
    where : str
        What the list is called in errors.

    Raises
    ------
    AbsentError
        As :func:`signal_view`.
    InputError
        As the folder's own workflow.
    """
    with operations.table(cases, id, seat) as table:
        table.refuse_seat()
        listed = site_list(offers.encode("utf-8", "replace"), where=where)
        site = seizure_site(table.desk, listed, choice, made_at=cases.clock.now())
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(site.files.items()):
            archive.writestr(zipfile.ZipInfo(name, _TIME), content)
    return packed.getvalue()
