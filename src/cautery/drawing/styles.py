"""Style sheets that carry texts, and texts in attributes: what our templates share."""

from __future__ import annotations

from importlib.resources import files

from markupsafe import Markup


def style(package: str, *names: str, **texts: str) -> Markup:
    """Return style sheets of ours behind the tokens of them all, with texts in their places.

    The tokens are colours and letters, which every page and sheet has in common.

    Parameters
    ----------
    texts : str
        By the word that stands in their place in the style sheet.
    """
    css = "".join(
        files(where).joinpath(sheet).read_text(encoding="utf-8")
        for where, sheet in (
            ("cautery.drawing", "tokens.css"),
            *((package, name) for name in names),
        )
    )
    for place, text in texts.items():
        css = css.replace(place, css_text(text))
    return Markup(css)  # noqa: S704 - our file, whose texts are quoted


def css_text(text: str) -> Markup:
    r"""Return a text as a string of CSS, which can end neither itself nor its element.

    Examples
    --------
    >>> print(css_text('a "page" </style>'))
    "a \22 page\22  \3c /style>"
    """
    escaped = "".join(
        f"\\{ord(letter):x} " if letter in '"\\<\n' else letter for letter in str(text)
    )
    return Markup(f'"{escaped}"')  # noqa: S704 - nothing in it ends the string or the element


def quoted(text: str) -> Markup:
    """Return a text of a template for a quoted attribute: a translator may write quotes.

    Examples
    --------
    >>> print(quoted(Markup('the "day" &amp; after')))
    the &#34;day&#34; &amp; after
    """
    return Markup(str(text).replace('"', "&#34;"))  # noqa: S704 - escaped where it was filled
