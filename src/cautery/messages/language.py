"""The language in use, and the texts in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files

from cautery.errors import InputError
from cautery.messages.values import Shown, Style, plain

_ENGLISH = NullTranslations()
_IN_USE: ContextVar[NullTranslations] = ContextVar("translations", default=_ENGLISH)


def gettext(text: str) -> str:
    """Return a text in the language in use, its places still open."""
    return _IN_USE.get().gettext(text)


def ngettext(one: str, many: str, count: int) -> str:
    """Return the text for one or for many in the language in use, its places still open."""
    return _IN_USE.get().ngettext(one, many, count)


def tr(text: str, /, style: Style = plain, **values: object) -> str:
    """Return a text in the language in use, with its values in their places.

    Parameters
    ----------
    text : str
        In English, with places such as ``%(host)s``; a percent sign is ``%%``.
    style : callable
        How numbers are written: for a terminal, or for a page.
    """
    return gettext(text) % Shown(values, style)


def tr_n(one: str, many: str, count: int, /, style: Style = plain, **values: object) -> str:
    """Return the text for one or for many, as the language in use counts; see :func:`tr`.

    Parameters
    ----------
    count : int
        The number that decides; it also stands in the place ``%(count)s``.
    """
    return ngettext(one, many, count) % Shown({"count": count, **values}, style)


@contextmanager
def in_language(translations: NullTranslations | str) -> Iterator[None]:
    """Speak a language: by its code, such as ``fr``, or by its translations.

    Raises
    ------
    InputError
        If there is no such language.
    """
    if isinstance(translations, str):
        translations = _translations(translations)
    token = _IN_USE.set(translations)
    try:
        yield
    finally:
        _IN_USE.reset(token)


def language() -> str:
    """Return the code of the language in use, as HTML wants it."""
    return _IN_USE.get().info().get("language", "en").replace("_", "-")


@cache
def languages() -> tuple[str, ...]:
    """Return the codes of the languages that there are; English is the first."""
    folder = files("cautery.messages") / "locale"
    folder_names = (entry.name for entry in folder.iterdir()) if folder.is_dir() else ()
    return ("en", *sorted(folder_names))


@cache
def _translations(language: str) -> NullTranslations:
    if language == "en":
        return _ENGLISH
    if language not in languages():
        raise InputError(
            f"there is no language {language!r}", hint=f"There is {', '.join(languages())}."
        )
    file = files("cautery.messages") / "locale" / language / "LC_MESSAGES" / "cautery.mo"
    with file.open("rb") as catalogue:
        return GNUTranslations(catalogue)
