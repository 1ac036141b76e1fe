"""Schedule the action day: give the steps their times, and plan again when a step fails.

``schedule`` refuses what breaks a rule and says which; ``precedence_violations`` is the same
rules written a second time, from the finished plan alone, so that one can test the other.
"""

from cautery.operation.schedule.instead import alternatives
from cautery.operation.schedule.mend import replan
from cautery.operation.schedule.precedence import check, precedence_violations
from cautery.operation.schedule.rules import CLOCK_TOLERANCE_S, COMPETENCES, Hours
from cautery.operation.schedule.timing import schedule

__all__ = [
    "CLOCK_TOLERANCE_S",
    "COMPETENCES",
    "Hours",
    "alternatives",
    "check",
    "precedence_violations",
    "replan",
    "schedule",
]
