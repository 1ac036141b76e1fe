"""Assumptions about regrowth: how soon a lost asset is back, and where its customers go.

Every figure is a least, a likeliest and a greatest value (a PERT distribution). Those of the
published record say whose they are; a judgement says so, and may be overridden by a file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cautery.errors import InputError

JUDGEMENT = "a judgement: no figure is published"
_SHARES = ("returns", "keeps", "moves")
_OTHER_CLASS = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """Least, likeliest and greatest value."""

    low: float
    mode: float
    high: float

    def draw(self, rng: np.random.Generator, size: int | None = None) -> NDArray[np.float64]:
        """Draw from PERT: a beta with the mode weighted four times (Malcolm et al. 1959)."""
        if self.high <= self.low:
            return np.full(size if size is not None else (), self.low)
        span = self.high - self.low
        alpha = 1 + 4 * (self.mode - self.low) / span
        beta = 1 + 4 * (self.high - self.mode) / span
        return np.asarray(self.low + span * rng.beta(alpha, beta, size))

    def as_json(self) -> list[float]:
        """Return the three values."""
        return [self.low, self.mode, self.high]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleClass:
    """How nodes of some roles come back.

    Parameters
    ----------
    roles : tuple of str
        Roles of the graph, in lower case.
    returns : Range
        Probability that one is back at all, drawn once a world.
    days : Range
        Until it is back, drawn for each node.
    keeps : Range
        Share of its customers that find one which is back, drawn once a world.
    """

    roles: tuple[str, ...]
    returns: Range
    days: Range
    keeps: Range
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RegrowthModel:
    """All that is assumed.

    Parameters
    ----------
    classes : mapping of str to RoleClass
        ``other`` stands for every role that no class names.
    half_life_days : Range
        In which half of those who wait for a service that is down leave it.
    moves : Range
        Share of those who leave that go to what still stands in the same graph; the rest is
        lost to it.
    """

    classes: Mapping[str, RoleClass]
    half_life_days: Range
    moves: Range
    sources: Mapping[str, str] = field(default_factory=dict)

    def class_of(self, role: str | None) -> str:
        """Return the name of a role's class."""
        plain = (role or "").strip().lower()
        return next(
            (name for name, class_ in self.classes.items() if plain in class_.roles), _OTHER_CLASS
        )

    def as_json(self) -> dict[str, Any]:
        """Return the parameters as an overriding file would hold them, with their sources."""
        return {
            "classes": {
                name: {
                    "roles": list(class_.roles),
                    "returns": class_.returns.as_json(),
                    "days": class_.days.as_json(),
                    "keeps": class_.keeps.as_json(),
                    "source": class_.source,
                }
                for name, class_ in self.classes.items()
            },
            "migration": {
                "half_life_days": self.half_life_days.as_json(),
                "moves": self.moves.as_json(),
                "source": "; ".join(f"{key}: {value}" for key, value in self.sources.items()),
            },
        }


def _range(low: float, mode: float, high: float) -> Range:
    return Range(low=low, mode=mode, high=high)


DEFAULT = RegrowthModel(
    classes={
        "panel": RoleClass(
            roles=("panel",),
            returns=_range(0.8, 0.95, 1.0),
            days=_range(0.0, 1.0, 3.0),
            keeps=_range(1.0, 1.0, 1.0),
            source="Xtream Codes 2019: services moved to other panels in 0 to 3 days, 'nearly all "
            "recovering' within days; the probability is read from that wording",
        ),
        "storefront": RoleClass(
            roles=("storefront", "domain", "website", "name"),
            returns=_range(0.5, 0.8, 1.0),
            days=_range(0.0, 1.0, 5.0),
            keeps=_range(0.1, 0.15, 0.2),
            source="booter takedowns, Vu et al. 2025: over half of seized sites back in a median "
            "of 1 day, all in the second wave in 2; re-emerged names kept 80 to 90 % less traffic",
        ),
        "server": RoleClass(
            roles=("source", "encoder", "origin", "edge", "server", "host", "hosting", "hoster"),
            returns=_range(0.5, 0.8, 0.95),
            days=_range(1.0, 7.0, 15.0),
            keeps=_range(1.0, 1.0, 1.0),
            source="GLOBE 2023: 1,200 servers, back in under 15 days; the probability is judged",
        ),
        "address": RoleClass(
            roles=("address", "ip"),
            returns=_range(0.9, 0.98, 1.0),
            days=_range(0.0, 0.1, 1.0),
            keeps=_range(1.0, 1.0, 1.0),
            source="ARCOM: addresses change several dozen times in an evening; the rest is judged",
        ),
        "payment": RoleClass(
            roles=("payment", "psp"),
            returns=_range(0.5, 0.8, 0.95),
            days=_range(1.0, 5.0, 14.0),
            keeps=_range(1.0, 1.0, 1.0),
            source=JUDGEMENT,
        ),
        "reseller": RoleClass(
            roles=("reseller", "sreseller", "super-reseller", "sub-reseller"),
            returns=_range(0.1, 0.3, 0.6),
            days=_range(7.0, 30.0, 90.0),
            keeps=_range(1.0, 1.0, 1.0),
            source=JUDGEMENT,
        ),
        _OTHER_CLASS: RoleClass(
            roles=(),
            returns=_range(0.5, 0.8, 0.95),
            days=_range(1.0, 7.0, 15.0),
            keeps=_range(1.0, 1.0, 1.0),
            source="as servers: " + JUDGEMENT,
        ),
    },
    half_life_days=_range(3.0, 5.0, 10.0),
    moves=_range(0.3, 0.6, 0.9),
    sources={
        "half_life_days": "Xtream Codes 2019: -50 % on the next day, recovered with a half-life of "
        "3 to 10 days (uncertain)",
        "moves": JUDGEMENT,
    },
)
"""Figures of docs/reference/sources.md, F3 and F20 to F22."""


def overridden(document: Any, *, base: RegrowthModel = DEFAULT) -> RegrowthModel:
    """Return the model with what a file says in place of it.

    Parameters
    ----------
    document : parsed TOML
        Tables ``[classes.NAME]`` with any of ``roles``, ``returns``, ``days``, ``keeps``,
        ``source``, and ``[migration]`` with ``half_life_days``, ``moves``, ``source``. A value is
        one number, or least, likeliest and greatest.

    Raises
    ------
    InputError
        In one sentence that names the entry.
    """
    _known(document, "the regrowth file", ("classes", "migration"))
    classes = dict(base.classes)
    entries = document.get("classes", {})
    _known(entries, "classes", None)
    for name, entry in entries.items():
        where = f"classes.{name}"
        _known(entry, where, ("roles", "returns", "days", "keeps", "source"))
        base_class = classes.get(name, replace(classes[_OTHER_CLASS], roles=()))
        roles = base_class.roles
        if "roles" in entry:
            roles = _roles(entry["roles"], where)
        classes[name] = RoleClass(
            roles=roles,
            returns=_ranged(entry, "returns", base_class.returns, where),
            days=_ranged(entry, "days", base_class.days, where),
            keeps=_ranged(entry, "keeps", base_class.keeps, where),
            source=str(entry.get("source", "the analyst's file")),
        )
    # A role that a file names belongs there, whatever class had it.
    moved_roles = {role for name in entries for role in classes[name].roles}
    for name, class_ in classes.items():
        if name not in entries:
            classes[name] = replace(
                class_, roles=tuple(r for r in class_.roles if r not in moved_roles)
            )
    migration = document.get("migration", {})
    _known(migration, "migration", ("half_life_days", "moves", "source"))
    sources = dict(base.sources)
    for key in ("half_life_days", "moves"):
        if key in migration:
            sources[key] = str(migration.get("source", "the analyst's file"))
    half = _ranged(migration, "half_life_days", base.half_life_days, "migration")
    if half.low <= 0:
        raise InputError("migration: half_life_days: it must be more than 0")
    return RegrowthModel(
        classes=classes,
        half_life_days=half,
        moves=_ranged(migration, "moves", base.moves, "migration"),
        sources=sources,
    )


def _known(value: Any, where: str, keys: Sequence[str] | None) -> None:
    if not isinstance(value, dict):
        raise InputError(f"{where}: expected a table, got {str(value)[:60]!r}")
    for key in value:
        if keys is not None and key not in keys:
            raise InputError(f"{where}: unknown entry {key[:60]!r}; expected {', '.join(keys)}")


def _roles(value: Any, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(role, str) for role in value):
        raise InputError(f"{where}: roles: expected a list of texts")
    return tuple(role.strip().lower() for role in value)


def _ranged(entry: Mapping[str, Any], key: str, base: Range, where: str) -> Range:
    if key not in entry:
        return base
    value = entry[key]
    values = value if isinstance(value, list) else [value] * 3
    if len(values) != 3 or any(type(number) not in (int, float) for number in values):
        raise InputError(
            f"{where}: {key}: expected a number, or least, likeliest and greatest, got "
            f"{str(value)[:60]!r}"
        )
    low, mode, high = values
    highest = 1.0 if key in _SHARES else 36_500.0
    if not 0 <= low <= mode <= high <= highest:  # an integer of 400 digits is no float
        raise InputError(
            f"{where}: {key}: expected 0 <= least <= likeliest <= greatest <= {highest:g}"
        )
    return _range(float(low), float(mode), float(high))
