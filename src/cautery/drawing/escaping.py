r"""The one escaping of outside text, for HTML, SVG and Typst (ADR 0030).

Outside text is what agencies, suspects, registrars and pirates wrote. It goes through
:func:`clean` first, which makes visible what nobody sees: control characters, which steer a
terminal or end an XML document; bidirectional and other format characters, which show a reader
another text than the one that stands there; lone surrogates, which no encoder takes. Then the
target's own escapes follow: :func:`markup` for HTML and SVG, :func:`typst_literal` for Typst.
"""

from __future__ import annotations

import unicodedata
from typing import Any

from markupsafe import Markup, escape

LONGEST = 20_000
"""Characters of any one text shown: a statement of grounds may be long, no text is a flood."""

_INVISIBLE = frozenset(("Cc", "Cf", "Cs", "Co", "Zl", "Zp"))
"""Control, format (bidirectional, joiners, tags), surrogate, private use, separators of lines
and paragraphs (Unicode 15, table 4-4)."""


def clean(text: str, longest: int = LONGEST) -> str:
    r"""Return text that cannot deceive the reader or break the page: odd characters made visible.

    They become ``U+XXXX`` in brackets; line ends and tabs stay. What is longer than ``longest`` is
    cut, with its length. Escapes of HTML, SVG or Typst are still to come.

    Examples
    --------
    >>> clean("Sport\x00 1")
    'Sport[U+0000] 1'
    """
    visible = text if len(text) <= longest else f"{text[:longest]}… ({len(text)} characters)"
    if visible.isprintable():  # no character of it is odd: each of those is not printable
        return visible
    return "".join(
        f"[U+{ord(character):04X}]" if _odd(character) else character for character in visible
    )


def cleaned(value: Any, longest: int = LONGEST) -> Any:
    r"""Return plain JSON in which every text is clean; a key of a mapping stays as it is.

    Examples
    --------
    >>> cleaned({"titles": ["Sport\x00 1", None]})
    {'titles': ['Sport[U+0000] 1', None]}
    """
    if isinstance(value, str):
        return clean(value, longest)
    if isinstance(value, dict):
        return {name: cleaned(item, longest) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [cleaned(item, longest) for item in value]
    return value


def clip(text: str) -> str:
    """Return an outside title, address or message at a length that a page can bear."""
    return clean(text, 400)


def markup(text: str, longest: int = LONGEST) -> Markup:
    """Return outside text for HTML or SVG, as an element's text or in a quoted attribute.

    Examples
    --------
    >>> print(markup('a"<script>]]>'))
    a&#34;&lt;script&gt;]]&gt;
    """
    return escape(clean(text, longest))


def whole(text: str) -> Markup:
    """Return a text for a field of a form, every letter as it came: it goes back as it was typed.

    Examples
    --------
    >>> whole('"<b>')
    Markup('&#34;&lt;b&gt;')
    """
    return escape(text)


def typst_literal(text: str) -> str:
    r"""Return outside text as a Typst string literal: a value, never markup or code.

    Typst's escapes begin with a backslash and its literals end with a quote: both are escaped.
    Nothing is cut: a whole document of JSON is a literal too.

    Examples
    --------
    >>> print(typst_literal('a "b" \\ #eval("c")'))
    "a \"b\" \\ #eval(\"c\")"
    """
    escaped = clean(text, len(text)).replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped.replace("\n", "\\n").replace("\t", "\\t") + '"'


def _odd(character: str) -> bool:
    return (unicodedata.category(character) in _INVISIBLE and character not in "\n\t") or (
        ord(character) & 0xFFFE == 0xFFFE  # no characters at all
    )
