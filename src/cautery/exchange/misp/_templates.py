"""The templates of our objects: ``definition.json`` as misp-objects has it, beside this module."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from cautery.json_text import parsed_json


@cache
def template(name: str) -> dict[str, str]:
    """Return what an object of a template says of its template.

    Parameters
    ----------
    name : str
        Of the object: ``block-order`` ...
    """
    definition = _definition("objects", name, "definition.json")
    return {
        "name": name,
        "meta-category": definition.get("meta-category", ""),
        "template_uuid": definition.get("uuid", ""),
        "template_version": str(definition.get("version", 1)),
    }


@cache
def entries(taxonomy: str, predicate: str) -> frozenset[str]:
    """Return the values that one of our taxonomies has for a predicate."""
    definition = _definition("taxonomies", taxonomy, "machinetag.json")
    return frozenset(
        entry.get("value", "")
        for value in definition.get("values", ())
        if value.get("predicate") == predicate
        for entry in value.get("entry", ())
    )


def _definition(folder: str, name: str, file: str) -> dict[str, Any]:
    text = files("cautery.exchange.misp").joinpath(folder, name, file).read_text(encoding="utf-8")
    definition = parsed_json(text)
    assert isinstance(definition, dict)
    return definition
