"""Close an agency's case of an operation: its page and its manifest of exhibits go in last."""

from __future__ import annotations

from pathlib import Path

from cautery.pages.operation import OperationPageView, render_page
from cautery.workflows.case.close import close_case
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.page_view import page_view
from cautery.workflows.operation.register_book import register_of
from cautery.workflows.operation.sign_manifest import register_manifest

PAGE = "operation.html"
EXHIBITS = "exhibits.json"


def close_desk(desk: Desk, *, view: OperationPageView | None = None) -> Path:
    """Write page and manifest, and close the case for good; return where the page lies.

    Parameters
    ----------
    view : OperationPageView or None
        What the page shows; ``None``: what the records show.

    Raises
    ------
    EvidenceError
        If the register's accounts do not agree.
    InputError, StorageError
        As closing a case does.
    """
    case, now = desk.case, desk.case.clock.now()
    page = view or page_view(desk, made_at=now)
    case.make_room()
    if len(register_of(desk)):
        case.write(EXHIBITS, register_manifest(desk))
    case.write(PAGE, render_page(page).encode())
    close_case(case, at=now)
    return case.path / PAGE
