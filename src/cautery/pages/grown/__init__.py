"""What grew back after an act: the part of a page that the room and a report show."""

from cautery.pages.grown.render import grown_part
from cautery.pages.grown.view import GrownRow, GrownView, ReasonLine

__all__ = ["GrownRow", "GrownView", "ReasonLine", "grown_part"]
