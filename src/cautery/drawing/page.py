"""What every page and report is rendered with: one environment, whose texts are all escaped."""

from __future__ import annotations

from functools import partial
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from cautery.drawing.escaping import LONGEST, clean, clip
from cautery.drawing.words import number, part_of, percent, plural
from cautery.messages import say
from cautery.messages.language import gettext, ngettext
from cautery.model.message import Message


def environment(package: str, *, longest: int = LONGEST) -> Environment:
    """Return an environment whose templates lie in a package; an undefined name is an error.

    Templates write their texts as ``_("Case %(case)s", case=id)``, as ``ngettext("%(count)s host",
    "%(count)s hosts", count)`` or between ``{% trans %}`` and ``{% endtrans %}``. A percent sign in
    a text of the first two is doubled.

    Parameters
    ----------
    longest : int
        Characters of any one outside text.
    """
    shown = partial(_shown, longest)
    env = Environment(
        loader=PackageLoader(package, "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=shown,
        extensions=["jinja2.ext.i18n"],
    )
    env.policies["ext.i18n.trimmed"] = True

    def text(message: str, /, **values: Any) -> Markup:
        return _filled(gettext(message), values)

    def text_n(one: str, many: str, count: int, /, **values: Any) -> Markup:
        return _filled(ngettext(one, many, count), {"count": count, **values})

    def _filled(message: str, values: dict[str, Any]) -> Markup:
        markup = Markup(message)  # noqa: S704 - a text of ours, or of a translator
        return markup % {name: shown(value) for name, value in values.items()}

    env.newstyle_gettext = True  # type: ignore[attr-defined]
    env.globals |= {"_": text, "gettext": text, "ngettext": text_n, "part_of": part_of}
    env.filters |= {"clip": clip, "number": number, "percent": percent, "plural": plural}
    return env


def _shown(longest: int, value: Any) -> Any:
    """Clean an outside text on its way to the page; our own markup passes."""
    if isinstance(value, Message):
        value = say(value, number)
    if isinstance(value, str) and not isinstance(value, Markup):
        return clean(value, longest)
    return value
