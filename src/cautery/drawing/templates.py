"""What every page and report is rendered with: one environment, whose texts are all escaped."""

from __future__ import annotations

from enum import Enum
from functools import partial
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from cautery.drawing.escaping import LONGEST, clean, clip
from cautery.drawing.formatting import both, either, number, percent
from cautery.drawing.styles import quoted
from cautery.messages import language, say, term, word
from cautery.messages.language import gettext, ngettext
from cautery.model.message import Message


def environment(package: str, *, longest: int = LONGEST) -> Environment:
    """Return an environment whose templates lie in a package; an undefined name is an error.

    Templates write their texts as ``_("Case %(case)s", case=id)``, as ``ngettext("%(count)s host",
    "%(count)s hosts", count)`` or between ``{% trans %}`` and ``{% endtrans %}``. A percent sign in
    a text of the first two is doubled. A number among the values is written by :func:`number`; one
    that is a name, such as a year, goes in as text.

    The filter ``said`` gives the text of a message, ``word`` that of an enumeration's member, and
    ``word("kind")`` that of a short code. A text in an attribute goes through ``quoted``.

    Parameters
    ----------
    longest : int
        Characters of any one outside text.
    """
    finalize = partial(_shown, longest)
    env = Environment(
        loader=PackageLoader(package, "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=finalize,
        extensions=["jinja2.ext.i18n"],
    )
    env.policies["ext.i18n.trimmed"] = True

    def text(message: str, /, **values: Any) -> Markup:
        return _filled(gettext(message), values)

    def text_n(one: str, many: str, count: int, /, **values: Any) -> Markup:
        return _filled(ngettext(one, many, count), {"count": count, **values})

    def _filled(message: str, values: dict[str, Any]) -> Markup:
        markup = Markup(message)  # noqa: S704 - a text of Cautery, or of a translator
        return markup % {name: finalize(_written(value)) for name, value in values.items()}

    env.newstyle_gettext = True  # type: ignore[attr-defined]
    env.globals |= {
        "_": text,
        "gettext": text,
        "ngettext": text_n,
        "language": language,
    }
    env.filters |= {
        "both": both,
        "clip": clip,
        "either": either,
        "number": number,
        "percent": percent,
        "quoted": quoted,
        "said": said,
        "word": _word,
    }
    return env


def said(value: Message | str) -> str:
    """Return a message's text; a text is returned as it is."""
    return say(value, number) if isinstance(value, Message) else value


def _word(value: Enum | str, kind: str = "") -> str:
    if kind:
        return said(term(kind, str(value)))
    return word(value) if isinstance(value, Enum) else value


def _written(value: Any) -> Any:
    """Write a number as the page does."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return number(value) if is_number else value


def _shown(longest: int, value: Any) -> Any:
    """Clean an outside text on its way to the page; our markup passes."""
    if isinstance(value, Message):
        value = said(value)
    if isinstance(value, str) and not isinstance(value, Markup):
        return clean(value, longest)
    return value
