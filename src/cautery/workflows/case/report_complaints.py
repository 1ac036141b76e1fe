"""The complaints of a case as its report shows them: what came, what was decided, what followed.

What a person wrote, and who wrote it, is sealed encrypted and stands nowhere in a report.
"""

from __future__ import annotations

from datetime import datetime

from cautery.pages.case_report import ComplaintsView, ComplaintView, ReleaseView
from cautery.projections.case import CaseRecords


def complaints_view(records: CaseRecords, *, at: datetime) -> ComplaintsView:
    """Return every complaint with its decision, the oldest first, and the mistakes of the case."""
    complaints = records.figures.complaints
    rows = tuple(
        ComplaintView(
            filed=filed,
            decided=complaints.decided.get(number),
            overdue=number not in complaints.decided
            and filed.due_at is not None
            and at > filed.due_at,
            releases=tuple(
                ReleaseView(
                    intermediary=release.intermediary,
                    version=release.version,
                    sent_at=release.sent_at,
                    open_at=release.open_at,
                )
                for release in records.releases.by_complaint.get(number, {}).values()
            ),
        )
        for number, filed in complaints.filed.items()
    )
    mistakes = records.figures.mistakes
    return ComplaintsView(
        rows=rows,
        targets=mistakes.targets,
        withdrawn_by_guard=mistakes.withdrawn_by_guard,
        granted=mistakes.complaints_granted,
        hit=mistakes.unrelated_names_hit,
    )
