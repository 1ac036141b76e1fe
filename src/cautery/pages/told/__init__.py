"""What partners told: the part of a page that the room and a report show."""

from cautery.pages.told.render import told_part
from cautery.pages.told.view import ToldLine, ToldSource, ToldView

__all__ = ["ToldLine", "ToldSource", "ToldView", "told_part"]
