"""Find the forms of the package: a folder a country or body, a TOML file a form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from cautery.act.jurisdictions import profiles
from cautery.errors import InputError
from cautery.model.forms import ANY_COUNTRY, Form, form_of
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
    tables: dict[str, Mapping[str, Any]] = {}
    for id_, text in _files():
        if id_ in tables:
            raise InputError(f"form {id_}: two stages have it")
        tables[id_] = parsed_toml(text)
    forms = {id_: form_of(whole_form(tables, id_), id_=id_) for id_ in tables}
    for form in forms.values():
        if form.country != ANY_COUNTRY:
            require_profile(form.country)
    return tuple(forms[id_] for id_ in sorted(forms))


def whole_form(tables: Mapping[str, Mapping[str, Any]], id_: str) -> dict[str, Any]:
    """Return the tables of a form; one that is ``like`` another has its members and fields, too.

    Its own members take the place of the other's; its own fields follow them.

    Raises
    ------
    InputError
        If there is no such other form, or that one is like a third.
    """
    own = dict(tables[id_])
    like = own.pop("like", None)
    if like is None:
        return own
    other = tables.get(like) if isinstance(like, str) else None
    if other is None or "like" in other:
        raise InputError(f"form {id_}: it is like {str(like)[:60]!r}, which is no whole form")
    return {**other, **own, "field": [*other.get("field", []), *own.get("field", [])]}


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
    """Return the forms of a country, with those of every country.

    Raises
    ------
    InputError
        If Cautery has no profile of it.
    """
    require_profile(country.upper())
    return tuple(form for form in all_forms() if form.country in (country.upper(), ANY_COUNTRY))


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
