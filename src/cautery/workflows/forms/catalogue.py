"""Find the forms of the package: a folder a country or body, a TOML file a form."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from cautery.act.jurisdictions import profiles
from cautery.errors import InputError
from cautery.model.forms import Form, form_of
from cautery.model.toml import parsed_toml

_STAGES = ("cautery.act", "cautery.operation", "cautery.evidence")
"""Packages whose papers these are; each may have a folder ``forms``."""


@cache
def all_forms() -> tuple[Form, ...]:
    """Return every form, by id.

    Raises
    ------
    InputError
        If a file states no form, two have one id, or the country of one has no profile.
    """
    forms: dict[str, Form] = {}
    for id_, text in _files():
        if id_ in forms:
            raise InputError(f"form {id_}: two stages have it")
        forms[id_] = form_of(parsed_toml(text), id_=id_)
        require_profile(forms[id_].country)
    return tuple(forms[id_] for id_ in sorted(forms))


def form_named(id_: str) -> Form:
    """Return a form by its id.

    Raises
    ------
    InputError
        If there is none.
    """
    for form in all_forms():
        if form.id == id_:
            return form
    raise InputError(f"there is no form {id_[:60]!r}", hint="cautery form list lists all forms.")


def forms_of(country: str) -> tuple[Form, ...]:
    """Return the forms of a country.

    Raises
    ------
    InputError
        If Cautery has no profile of it.
    """
    require_profile(country.upper())
    return tuple(form for form in all_forms() if form.country == country.upper())


def require_profile(country: str) -> None:
    """Refuse a country of whose law nothing is known here.

    Raises
    ------
    InputError
        If it has no profile.
    """
    territories = [profile.territory for profile in profiles()]
    if country not in territories:
        raise InputError(
            f"there is no profile of the country {country[:20]!r}, so no form of it can be used",
            hint=f"There are profiles of {', '.join(territories)}.",
        )


def _files() -> Iterator[tuple[str, str]]:
    for package in _STAGES:
        root = files(package) / "forms"
        for folder in _sorted(root):
            for file in _sorted(folder):
                if file.name.endswith(".toml"):
                    id_ = f"{folder.name}/{file.name.removesuffix('.toml')}"
                    yield id_, file.read_text(encoding="utf-8")


def _sorted(folder: Traversable) -> list[Traversable]:
    return sorted(folder.iterdir(), key=lambda entry: entry.name) if folder.is_dir() else []
