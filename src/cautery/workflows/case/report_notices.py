"""The notices of a case as its report shows them."""

from __future__ import annotations

from datetime import datetime

from cautery.pages.case_report import NoticeView
from cautery.workflows.case.notices import CaseNotices


def notice_views(case: CaseNotices, *, at: datetime) -> tuple[NoticeView, ...]:
    """Return every notice, with its state when the report is made."""
    notices = case.notices
    return tuple(
        NoticeView(
            notice=notice,
            state=notices.state(number, at),
            approved_by=tuple(approval.approver for approval in case.approvals(notice)),
            sent_at=notices.first_sent(number),
            claim=notices.answered(number),
            takedown_h=notices.takedown_h(number),
        )
        for number, notice in notices.drafts.items()
    )
