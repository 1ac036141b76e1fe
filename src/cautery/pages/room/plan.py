"""The content of the page of a plan: its acts in steps, what each leaves, what was refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from markupsafe import Markup

from cautery.drawing.escaping import markup
from cautery.drawing.svg import dot, hint, line, rect, text
from cautery.messages import tr
from cautery.model import ActionPlan, Intervention
from cautery.model.records import BudgetSpent
from cautery.pages.room.view import CaseHead

WIDE, HIGH = 1_000.0, 220.0
_LEFT_EDGE, _RIGHT, _TOP, _BOTTOM = 44.0, 988.0, 12.0, 190.0
_MOST_TICKS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    """One act of the plan, as its step.

    Parameters
    ----------
    place : int
        From 1.
    act : Intervention
        With the guard's verdict that the plan rests on.
    cuts, left : int
        How many streams go dark with it, and are served after it.
    referrals : tuple of str
        Drafts that hold its target; empty: it was not drafted.
    """

    place: int
    act: Intervention
    cuts: int
    left: int
    referrals: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanView:
    """The page of a plan of a case.

    Parameters
    ----------
    record : int
        Of the plan; ``at``: when it was made.
    place, count : int
        Which of the plans that are listed it is, from 1, 0 if it is older; and how many these are.
    earlier, later : int or None
        Records of the plans beside it.
    after : int
        The step after which the page shows the case.
    left : tuple of int
        How many streams are served after each step; the first: before all.
    rows : tuple of StepRow
        Some of the steps, around ``after``.
    dark, served : tuple of str
        Some of the streams that are dark by then, and of those that are still served.
    dark_in_all, served_in_all : int
        How many there are.
    budgets : tuple of BudgetSpent
        What each event's blocks may cost bystanders, newest.
    refused : tuple of Intervention
        Some of the acts that the guard keeps out, with most streams first.
    """

    head: CaseHead
    record: int
    at: datetime
    place: int
    count: int
    earlier: int | None
    later: int | None
    plan: ActionPlan
    after: int
    left: tuple[int, ...]
    rows: tuple[StepRow, ...]
    dark: tuple[str, ...]
    dark_in_all: int
    served: tuple[str, ...]
    served_in_all: int
    budgets: tuple[BudgetSpent, ...]
    refused: tuple[Intervention, ...]

    @property
    def steps(self) -> int:
        """How many acts the plan has."""
        return len(self.left) - 1

    def fields(self, *, after: int | None = None) -> dict[str, str]:
        """Return what the address of the page has behind its ``?``, without what is usual."""
        fields = {} if self.later is None else {"plan": str(self.record)}
        return fields if after is None else fields | {"after": str(after)}

    def address(self, *, after: int | None = None) -> str:
        """Return the address of the page after another step, below its own."""
        return f"?{urlencode(self.fields(after=after))}"


def step_curve(view: PlanView) -> Markup:
    """Return the picture of what is left after each step; each step leads to its page."""
    last, most_served = max(1, view.steps), max(1, *view.left)
    across = (_RIGHT - _LEFT_EDGE) / last

    def x(step: float) -> float:
        return _LEFT_EDGE + step * across

    def y(served: float) -> float:
        return _BOTTOM - (_BOTTOM - _TOP) * max(0.0, served) / most_served

    label = tr(
        "Streams served after each act: %(before)s before, %(after)s after the last of %(acts)s",
        before=view.left[0],
        after=view.left[-1],
        acts=view.steps,
    )
    outline = f"M{x(0):.1f} {y(view.left[0]):.1f}" + "".join(
        f"H{x(step):.1f}V{y(served):.1f}" for step, served in enumerate(view.left) if step
    )
    now = view.left[view.after]
    parts = [
        *(
            line("grid", _LEFT_EDGE, y(share * most_served), _RIGHT, y(share * most_served))
            for share in (0, 0.5, 1)
        ),
        text(_LEFT_EDGE - 6, y(most_served) + 4, str(most_served), "", "end"),
        text(_LEFT_EDGE - 6, y(0) + 4, "0", "", "end"),
        f'<path class="under" d="{outline}V{_BOTTOM}H{_LEFT_EDGE}Z"/>',
        f'<path class="course" d="{outline}"/>',
        line("now", x(view.after), _TOP, x(view.after), _BOTTOM),
        dot("here", x(view.after), y(now), 4.5),
        *(text(x(step), HIGH - 12, str(step), "", "middle") for step in _ticks(view.steps)),
        *(_door(view, step, x(step), across) for step in _doors(view.steps)),
    ]
    return Markup(  # noqa: S704 - numbers, and texts escaped one by one
        f'<svg class="curve" viewBox="0 0 {WIDE:.0f} {HIGH:.0f}" role="group" '
        f'aria-label="{markup(label)}">{"".join(parts)}</svg>'
    )


def _door(view: PlanView, step: int, x: float, across: float) -> str:
    label = tr("After act %(act)s: %(left)s served", act=step, left=view.left[step])
    wide = max(across, (_RIGHT - _LEFT_EDGE) / _MOST_DOORS)
    return (
        f'<a href="{markup(view.address(after=step))}" aria-label="{markup(label)}" tabindex="-1">'
        f"{hint(label)}{rect('door', x - wide / 2, _TOP, wide, _BOTTOM - _TOP)}</a>"
    )


_MOST_DOORS = 200
"""Places of the curve that can be pressed; the slider reaches each step."""


def _doors(steps: int) -> range:
    return range(0, steps + 1, max(1, -(-(steps + 1) // _MOST_DOORS)))


def _ticks(steps: int) -> range:
    return range(0, steps + 1, max(1, -(-steps // _MOST_TICKS)))
