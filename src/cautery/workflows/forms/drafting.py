"""How a paper says that it is a draft, and what it still lacks."""

from __future__ import annotations

from cautery.messages import tr
from cautery.model.forms import Filled
from cautery.workflows.forms.checking import standing_words


def draft_line(filled: Filled) -> str:
    """Return the line that each draft bears."""
    faults = [] if filled.is_complete else [standing_words(filled)]
    faults += unapproved_lines(filled)
    return tr("DRAFT, not to be used: %(faults)s", faults="; ".join(faults))


def unapproved_lines(filled: Filled) -> tuple[str, ...]:
    """Return the line of a paper whose referral may not leave; of any other, none."""
    if not filled.unapproved:
        return ()
    return (tr("not approved: two people must have approved the referral, as it stands now"),)


def unverified_line(filled: Filled) -> str | None:
    """Return the line of a form whose public text was not read; ``None``: it was."""
    if filled.form.verified:
        return None
    return tr(
        "Unverified: nobody compared the fields of this form with the text of the office. Source: "
        "%(source)s, looked up on %(day)s",
        source=filled.form.source.text,
        day=filled.form.source.read.isoformat(),
    )
