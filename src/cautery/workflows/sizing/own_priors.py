"""A user's own priors: a TOML file that stands in for some of ours, each with its basis."""

from __future__ import annotations

import difflib
import math
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from cautery.errors import InputError
from cautery.estimate import PRIORS, Prior, Priors, Wide
from cautery.model.toml import parsed_toml
from cautery.packed import small_file

MOST_BYTES = 200_000
MOST_WORDS = 500
"""Letters of a basis: a reference, not an essay."""
_KEYS = {"name", "distribution", "parameters", "basis", "note", "wide"}
_EXAMPLE = """[[prior]]
name = "users per payer"
distribution = "lognormal"
parameters = [2.6, 0.2]
basis = "Survey of 2026, table 4" """


def read_priors(path: Path) -> Priors:
    """Return our priors with those of a file in their place.

    Raises
    ------
    InputError
        With the prior and the rule, if the file is not TOML, a name is unknown or stands twice, a
        prior has no basis, or its numbers are not parameters of its distribution.
    """
    raw = small_file(path, most=MOST_BYTES, of="priors", hint=f"Write it like this:\n{_EXAMPLE}")
    try:
        document = parsed_toml(raw.decode("utf-8-sig"))
    except UnicodeError as error:
        raise InputError(f"{path}: not UTF-8 text") from error
    except (tomllib.TOMLDecodeError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: not valid TOML ({str(error)[:200]})") from error
    tables = document.get("prior")
    if set(document) != {"prior"} or not isinstance(tables, list) or not tables:
        raise InputError(
            f"{path}: a file of priors must have [[prior]] tables and nothing else",
            hint=f"Write it like this:\n{_EXAMPLE}",
        )
    own_priors: dict[str, Prior] = {}
    for number, table in enumerate(tables, 1):
        try:
            key, prior = _prior(table)
        except InputError as error:
            raise InputError(f"{path}, prior {number}: {error}", hint=error.hint) from error
        if key in own_priors:
            raise InputError(f"{path}, prior {number}: {prior.name!r} stands twice")
        own_priors[key] = prior
    return {**PRIORS, **own_priors}


def _prior(table: object) -> tuple[str, Prior]:
    if not isinstance(table, dict):
        raise InputError("not a table")
    unknown = sorted(set(table) - _KEYS)
    if unknown:
        raise InputError(
            f"unknown key {str(unknown[0])[:40]!r}", hint=f"Keys: {', '.join(sorted(_KEYS))}."
        )
    key = _key(_text(table, "name"))
    our_prior = PRIORS[key]
    distribution = _text(table, "distribution")
    if (distribution == "beta") != (our_prior.distribution == "beta"):
        raise InputError(
            f"{our_prior.name!r} is {'' if our_prior.distribution == 'beta' else 'not '}a share",
            hint='A share needs distribution = "beta"; anything else lognormal or pert.',
        )
    wide = table.get("wide")
    prior = replace(
        our_prior,
        distribution=distribution,
        parameters=_numbers(table, "parameters"),
        basis=_text(table, "basis"),
        note=_text(table, "note") if "note" in table else "",
        wide=None if wide is None else _wide(wide),
    )
    return key, prior


def _wide(table: object) -> Wide:
    if not isinstance(table, dict) or set(table) != set(Wide._fields):
        raise InputError(
            "wide must be a table of three numbers",
            hint="wide = { share = 0.2, median = 1.3, log_sd = 0.5 }",
        )
    return Wide(**{name: _number(value, name) for name, value in table.items()})


def _key(name: str) -> str:
    """Return the constant's name of a prior, by that name or by its words.

    Raises
    ------
    InputError
        If there is no such prior; with those whose names are near.
    """
    by_words = {prior.name.casefold(): key for key, prior in PRIORS.items()}
    by_words |= {key.casefold(): key for key in PRIORS}
    key = by_words.get(name.casefold())
    if key is not None:
        return key
    matches = difflib.get_close_matches(name.casefold()[:80], by_words, n=6, cutoff=0.5)
    near = list(dict.fromkeys(PRIORS[by_words[match]].name for match in matches))[:3]
    raise InputError(
        f"there is no prior {name[:60]!r}",
        hint=f"Near it: {'; '.join(near)}." if near else "cautery.estimate.PRIORS lists them.",
    )


def _text(table: Mapping[str, Any], name: str) -> str:
    value = table.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > MOST_WORDS:
        why = "every prior needs one" if name not in table else "must be a text, and not empty"
        raise InputError(f"{name}: {why}", hint=f"Write it like this:\n{_EXAMPLE}")
    return value.strip()


def _numbers(table: Mapping[str, Any], name: str) -> tuple[float, ...]:
    values = table.get(name)
    if not isinstance(values, list) or len(values) > 3:
        raise InputError(f"{name}: must be a list of two or three numbers")
    return tuple(_number(value, name) for value in values)


def _number(value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InputError(f"{name}: must be finite numbers")
    return float(value)
