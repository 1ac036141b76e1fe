"""Map references from disk: a ``.ref`` file or a live folder."""

from __future__ import annotations

from pathlib import Path

from cautery.errors import InputError
from cautery.fingerprint.recipe import Recipe
from cautery.identify.references.container import map_arrays
from cautery.identify.references.held import References
from cautery.identify.references.manifest import mapped
from cautery.identify.references.saved import FORM, making_sense, of_head, set_spans, take


def load(path: Path, *, recipe: Recipe | None = None, verify: bool = True) -> References:
    """Map a ``.ref`` file, or what a live folder holds by now.

    Parameters
    ----------
    verify : bool
        Read all of it once and compare checksums.

    Raises
    ------
    InputError
        If it is damaged, hostile, or made by another recipe than ``recipe``.
    """
    if path.is_dir():
        return mapped(path, recipe=recipe, verify=verify)
    file = map_arrays(path, verify=verify)
    with making_sense(path):
        if file.head["form"] != FORM:
            raise InputError(
                f"{path}: this file is a part of a live folder",
                hint="Give the folder that holds it.",
            )
        references = of_head(path, file.head, recipe)
        take(references, file)
        set_spans(references, file.head["spans"])
    return references
