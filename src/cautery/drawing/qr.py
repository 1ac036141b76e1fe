"""QR codes: the dark modules of a text, and their picture with its quiet zone."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import segno

_QUIET = 4
"""Modules of the quiet zone that ISO/IEC 18004 asks for."""
_KEPT = 4096


def matrix_of(text: str) -> tuple[tuple[bool, ...], ...]:
    """Return the dark modules of a text's QR code, rows from above, with no quiet zone."""
    code = segno.make(text, error="m", micro=False, boost_error=True)
    return tuple(tuple(bool(module) for module in row) for row in code.matrix)


@lru_cache(maxsize=_KEPT)
def qr_svg(text: str) -> str:
    """Return a text's QR code as SVG; nothing of the text stands in it but its modules."""
    return _svg(matrix_of(text))


def _svg(matrix: Sequence[Sequence[bool]]) -> str:
    size = len(matrix) + 2 * _QUIET
    runs = []
    for down, row in enumerate(matrix, _QUIET):
        start = None
        for across, dark in enumerate((*row, False), _QUIET):
            if dark and start is None:
                start = across
            elif not dark and start is not None:
                runs.append(f"M{start} {down}h{across - start}v1h-{across - start}z")
                start = None
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {size} {size}' "
        f"shape-rendering='crispEdges'><path d='{''.join(runs)}'/></svg>"
    )
