"""The pages that a case as a whole has: its mandate, its report and its map."""

from __future__ import annotations

from collections import deque

from cautery.drawing.formatting import DASH
from cautery.errors import AbsentError
from cautery.evidence.manifest import NOTE
from cautery.messages import tr
from cautery.model import SupplyGraph
from cautery.model.ledger import contents
from cautery.pages.case_report.formatting import utc
from cautery.pages.room.view import MandateView
from cautery.pages.supply_map.draw import draw_supply
from cautery.pages.supply_map.render import supply_page
from cautery.projections.without_decoys import without_decoys
from cautery.workflows.browse.heads import head_of
from cautery.workflows.browse.kept import Cases
from cautery.workflows.case.manifest import signed_file
from cautery.workflows.case.report import write_report
from cautery.workflows.supply.picture import met_in, of_supply

_REPORT = "report.html"
_MOST_REPORT = 64 << 20


def mandate_view(cases: Cases, id: str) -> MandateView:
    """Return the page of a case's mandate, with the newest fixtures.

    Raises
    ------
    AbsentError
        If there is no such case, or it stands under no mandate.
    """
    with cases.case(id) as case:
        head, opening = head_of(case, now=cases.clock.now()), case.in_force().opening
    mandate = head.mandate
    if mandate is None or opening is None:
        raise AbsentError(f"The case {id} stands under no mandate.")
    return MandateView(
        head=head,
        record=opening.index,
        events=tuple((event.name, utc(event.kick_off)) for event in mandate.events),
        channels=tuple(
            (
                next(iter(channel.names), channel.id),
                channel.id,
                channel.territory or DASH,
                channel.event or DASH,
            )
            for channel in mandate.channels
        ),
        works=tuple((work.title, work.id) for work in mandate.works),
        partners=tuple((partner.name, ", ".join(partner.hosts)) for partner in mandate.partners),
        approvers=tuple((approver.name, approver.role) for approver in mandate.approvers),
    )


def report_page(cases: Cases, id: str) -> bytes:
    """Return a case's report: of a closed case the signed file, else one made now.

    Raises
    ------
    AbsentError
        If there is no such case.
    EvidenceError
        If it opens no case.
    """
    with cases.case(id) as case:
        if case.store.exists(case.path, NOTE):
            signed = signed_file(case.path, _REPORT, store=case.store, limit=_MOST_REPORT)
            if signed is not None:
                return signed
        ledger, vault = case.ledger, case.vault
    return write_report(ledger, vault, at=cases.clock.now()).encode("utf-8", "backslashreplace")


def map_page(cases: Cases, id: str) -> bytes:
    """Return the newest supply map of a case.

    Raises
    ------
    AbsentError
        If there is no such case, or nothing is mapped in it.
    """
    with cases.case(id) as case:
        newest = deque(contents(without_decoys(case.ledger), SupplyGraph), maxlen=1)
        if not newest:
            raise AbsentError(f"Nothing is mapped in the case {id} yet.")
        entry, graph = newest[0]
        source = tr(
            "As a watch saw it until %(time)s UTC: record %(record)s of the case; networks and "
            "roles are hypotheses",
            time=f"{entry.record.at:%Y-%m-%d %H:%M}",
            record=str(entry.index),
        )
        picture = of_supply(graph, met=met_in(case.ledger), source=source)
    return supply_page(picture, draw_supply(picture)).encode("utf-8", "backslashreplace")
