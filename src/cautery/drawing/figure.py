"""The one style of what matplotlib draws: its colours and letters, and how a figure is written.

matplotlib takes a second to import and most commands draw nothing: it is imported when a figure is.
"""

from __future__ import annotations

import io
import logging
import warnings
from contextlib import AbstractContextManager
from typing import Any, Final

from cautery.drawing.escaping import clean

INK: Final = "#1f2933"
QUIET: Final = "#66727f"
GRID: Final = "#e3e7eb"
TEAL: Final = "#0f6b64"
PALE_TEAL: Final = "#9cc9c4"
OCHRE, BLUE, ROSE = "#c07a1c", "#3f6fb0", "#a4557f"

_STYLE: Any = {
    "svg.hashsalt": "cautery",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["Helvetica Neue", "Arial", "Liberation Sans", "DejaVu Sans"],
    "text.color": INK,
    "text.parse_math": False,
    "axes.edgecolor": QUIET,
    "axes.labelcolor": QUIET,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
}

_WIDER = 1.1
"""Over the letters' outlines: on a screen letters stand on whole pixels, and a viewer may have
another font."""


def in_style() -> AbstractContextManager[None]:
    """Return a context in which figures have our style; outside texts are no formulas in it."""
    import matplotlib as mpl  # noqa: PLC0415 - takes a second, and most commands draw nothing

    # On a new machine it says that it builds its font cache: nothing that an analyst has to know.
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    context: AbstractContextManager[None] = mpl.rc_context(_STYLE)
    return context


def empty_figure(wide_in: float, high_in: float) -> Any:
    """Return a white figure of that many inches."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - as above
    from matplotlib.figure import Figure  # noqa: PLC0415 - as above

    figure = Figure(figsize=(wide_in, high_in), facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def written(figure: Any, format: str) -> bytes:
    """Return a figure as a file, with the same bytes for the same figure."""
    out = io.BytesIO()
    metadata = {"Date": None, "Creator": "Cautery"} if format == "svg" else None
    with warnings.catch_warnings():
        # Text stays text in an SVG: whoever looks at it has the font for its letters.
        warnings.filterwarnings("ignore", "Glyph", UserWarning)
        figure.savefig(out, format=format, metadata=metadata, dpi=110)
    return out.getvalue()


def wide_in(text: str, size: float, weight: str = "normal") -> float:
    """Return how wide a text may become, inches."""
    from matplotlib.font_manager import FontProperties  # noqa: PLC0415 - as above
    from matplotlib.textpath import text_to_path  # noqa: PLC0415 - as above

    style = FontProperties(size=size, weight=weight)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph", UserWarning)
        wide, _, _ = text_to_path.get_text_width_height_descent(text, style, ismath=False)
    return _WIDER * float(wide) / 72


def fitted(text: str, most_in: float, size: float, weight: str = "normal") -> str:
    """Return an outside text that is at most so many inches wide, shortened in its middle.

    Ids of one family often differ at the end only.
    """
    cleaned = clean(text, 2000)
    if wide_in(cleaned, size, weight) <= most_in:
        return cleaned
    low, high = 0, len(cleaned) - 1  # characters that are kept
    while low < high:
        middle = (low + high + 1) // 2
        if wide_in(_kept(cleaned, middle), size, weight) <= most_in:
            low = middle
        else:
            high = middle - 1
    return _kept(cleaned, low)


def _kept(text: str, count: int) -> str:
    tail = count // 2
    return text[: count - tail] + "…" + (text[-tail:] if tail else "")


def bare(axes: Any, *sides: str) -> None:
    """Draw no frame on these sides of a plot."""
    for side in sides:
        axes.spines[side].set_visible(False)


def shortened(text: str, longest: int = 120) -> str:
    """Return an outside text of at most so many characters.

    Examples
    --------
    >>> shortened("a very long name", 8)
    'a very …'
    """
    cleaned = clean(text, 400)
    return cleaned if len(cleaned) <= longest else cleaned[: longest - 1] + "…"
