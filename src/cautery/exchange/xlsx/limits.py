"""What a spreadsheet holds (docs/reference/sources.md, F108)."""

from __future__ import annotations

LONGEST_CELL = 16_000
"""Characters of a piece; a cell has 32,767 units of UTF-16, and a character takes up to two."""
MOST_SHEET_ROWS = 1_048_576
"""With the titles."""
CONTINUED_TITLES = ("Continued", "Part", "Text")
"""Of the sheet with the texts that are too long for a cell."""
