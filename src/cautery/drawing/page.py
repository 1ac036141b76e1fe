"""What every page and report is rendered with: one environment, whose texts are all escaped."""

from __future__ import annotations

from functools import partial
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from cautery.drawing.escaping import LONGEST, clean, clip
from cautery.drawing.words import number, part_of, percent, plural


def environment(package: str, *, longest: int = LONGEST) -> Environment:
    """Return an environment whose templates lie in a package; an undefined name is an error.

    Parameters
    ----------
    longest : int
        Characters of any one outside text.
    """
    env = Environment(
        loader=PackageLoader(package, "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=partial(_shown, longest),
    )
    env.filters |= {"clip": clip, "number": number, "percent": percent, "plural": plural}
    env.globals |= {"part_of": part_of}
    return env


def _shown(longest: int, value: Any) -> Any:
    """Clean an outside text on its way to the page; our own markup passes."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return clean(value, longest)
    return value
