"""The page of one act: everything that who approves, sends or decides it must see."""

from __future__ import annotations

from cautery.act.four_words import four_words
from cautery.errors import AbsentError
from cautery.messages import tr
from cautery.pages.room.orders import ActForms, ActView
from cautery.workflows.browse.act_forms import Doer, forms_of
from cautery.workflows.browse.act_looked import Looked
from cautery.workflows.browse.act_parts import parts_of
from cautery.workflows.browse.heads import head_of
from cautery.workflows.browse.kept import Cases
from cautery.workflows.browse.orders import is_writable, moment_of, rows_of
from cautery.workflows.browse.timeline import row_of
from cautery.workflows.case.opening import opening_in

COURSE_SHOWN = 100
_ABOUT = 500


def act_view(cases: Cases, id: str, act: str, *, doer: Doer | None = None) -> ActView:
    """Return the page of an act.

    Parameters
    ----------
    doer : Doer or None
        Who may do something with it here; ``None``: nobody, who looks has the commands.

    Raises
    ------
    AbsentError
        If there is no such case or act.
    """
    with cases.case(id) as case:
        head = head_of(case, now=cases.clock.now())
        line = case.lists().act(act)
        in_force = case.in_force()
        if line is None or in_force.opening is None or in_force.mandate is None:
            raise AbsentError(tr("The case %(case)s has no act %(act)s.", case=id, act=act[:80]))
        now = moment_of(head, cases.clock.now())
        about = case.lists().about(line.id, most=_ABOUT)
        begun = case.ledger.pick((line.drafted,))
        entries = (*begun, *(entry for entry in about if entry.index != line.drafted))
        looked = Looked(
            kept=case,
            line=line,
            opening=opening_in(in_force.opening),
            mandate=in_force.mandate,
            entries=entries,
            now=now,
            seen=max(line.last, *(entry.index for entry in entries)),
        )
        parts = parts_of(looked)
        writable = is_writable(head)
        forms = forms_of(looked, parts, doer) if doer is not None and writable else ActForms()
        (row,) = rows_of(case, (line,), now=now)
    return ActView(
        head=head,
        row=row,
        now=now,
        writable=writable,
        record=line.drafted,
        seen=looked.seen,
        digest=parts.digest or "",
        words="" if parts.digest is None else four_words(parts.digest),
        facts=tuple(parts.facts),
        steps=tuple(parts.steps),
        statement=parts.statement,
        targets=parts.targets,
        more_targets=parts.more_targets,
        urls=parts.urls,
        more_urls=parts.more_urls,
        findings=parts.findings,
        signatures=parts.signatures,
        versions=parts.versions,
        links=tuple(parts.links),
        exhibits=parts.exhibits,
        commands=tuple(parts.commands) if writable else (),
        course=tuple(row_of(entry) for entry in reversed(entries[-COURSE_SHOWN:])),
        named=len(entries),
        refusal=looked.refusal,
        forms=forms,
    )
