"""What is pinned in requirements/, and what requirements/pins.toml says about it."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SETS = ("run", "build", "server", "dev", "docs", "fuzz", "release")
"""The lock files, in the order in which a package is listed once."""

_PIN = re.compile(r"([a-z0-9][a-z0-9.-]*)==([^\s;\\]+)(?:\s*;\s*([^\\]+?))?\s*\\?")
_HASH = re.compile(r"\s+--hash=sha256:([0-9a-f]{64})\s*\\?")
_VIA = re.compile(r"\s+#\s+(?:via\s+)?(\S.*)")


@dataclass(slots=True, kw_only=True)
class Pin:
    """One release of a package; ``via`` names who asks for it, ``hashes`` its files."""

    name: str
    version: str
    marker: str | None
    hashes: list[str] = field(default_factory=list)
    via: list[str] = field(default_factory=list)

    @property
    def direct(self) -> bool:
        """Whether we ask for it ourselves."""
        return any(asker.startswith(("cautery", "-r ")) for asker in self.via)


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """Why a pin is not the newest release."""

    newest: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """Why an advisory about a pin is lived with, and until when."""

    pin: str
    why: str
    until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasons:
    """What people wrote in requirements/pins.toml."""

    compared: date
    why: dict[str, str]
    licence: dict[str, str]
    behind: dict[str, Behind]
    accepted: dict[str, Accepted]


def parse_pins(text: str) -> list[Pin]:
    """Read a lock file as ``uv pip compile`` writes it.

    Raises
    ------
    ValueError
        If a line is none of a pin, a hash or a remark: nothing is passed over.
    """
    pins: list[Pin] = []
    for number, line in enumerate(text.splitlines(), 1):
        if found := _PIN.fullmatch(line):
            pins.append(Pin(name=found[1], version=found[2], marker=found[3]))
        elif pins and (found := _HASH.fullmatch(line)):
            pins[-1].hashes.append(found[1])
        elif pins and (found := _VIA.fullmatch(line)):
            if found[1] != "via" and not found[1].startswith("-c "):
                pins[-1].via.append(found[1])
        elif line.strip():
            raise ValueError(f"line {number} is no pin: {line!r}")
    return pins


def read_sets(folder: Path = ROOT / "requirements") -> dict[str, list[Pin]]:
    """Return the pins of each lock file."""
    return {name: parse_pins((folder / f"{name}.txt").read_text(encoding="utf-8")) for name in SETS}


def releases(sets: dict[str, list[Pin]]) -> list[tuple[str, str]]:
    """Return each pinned name and version once, sorted."""
    return sorted({(pin.name, pin.version) for pins in sets.values() for pin in pins})


def read_reasons(path: Path = ROOT / "requirements" / "pins.toml") -> Reasons:
    """Read requirements/pins.toml; a key that is missing or unknown raises."""
    whole = tomllib.loads(path.read_text(encoding="utf-8"))
    return Reasons(
        compared=whole["compared"],
        why=whole["why"],
        licence=whole["licence"],
        behind={name: Behind(**row) for name, row in whole.get("behind", {}).items()},
        accepted={name: Accepted(**row) for name, row in whole.get("accepted", {}).items()},
    )


def disagreements(sets: dict[str, list[Pin]], reasons: Reasons) -> list[str]:
    """Say where requirements/pins.toml and the lock files do not fit, without any network."""
    every = [pin for pins in sets.values() for pin in pins]
    pinned, direct = {pin.name for pin in every}, {pin.name for pin in every if pin.direct}
    named = {f"{pin.name}=={pin.version}" for pin in every}
    wrong = [f"{pin.name}=={pin.version} has no hash" for pin in every if not pin.hashes]
    for table, keys, wanted in (
        ("why", set(reasons.why), direct),
        ("licence", set(reasons.licence), pinned),
        ("behind", set(reasons.behind), set(reasons.behind) & pinned),
        ("accepted", {row.pin for row in reasons.accepted.values()}, named),
    ):
        wrong += [f"[{table}] speaks of {key}, which nobody asks for" for key in keys - wanted]
        if table in {"why", "licence"}:
            wrong += [f"[{table}] says nothing of {key}" for key in wanted - keys]
    return sorted(set(wrong))


def page() -> str:
    """Return docs/reference/dependencies.md without its first line."""
    sets, reasons = read_sets(), read_reasons()
    listed: set[tuple[str, str]] = set()
    parts = [_HEAD.format(compared=reasons.compared, pins=len(releases(sets)))]
    for name, title in _TITLES.items():
        rows = [pin for pin in sets[name] if (pin.name, pin.version) not in listed]
        listed |= {(pin.name, pin.version) for pin in rows}
        if not rows:
            continue
        parts.append(f"\n## {title}\n\n| package | pinned | licence | why it is there | behind |\n")
        parts.append("| --- | --- | --- | --- | --- |\n")
        parts += [_row(pin, sets[name], reasons) for pin in rows]
    parts.append("\n## Advisories that are accepted\n\n")
    for advisory, row in sorted(reasons.accepted.items()):
        parts.append(f"- {advisory}, {row.pin}, until {row.until}: {row.why}\n")
    if not reasons.accepted:
        parts.append("None.\n")
    return "".join(parts)


def _row(pin: Pin, pins: list[Pin], reasons: Reasons) -> str:
    why = reasons.why.get(pin.name) or "for " + ", ".join(pin.via)
    behind = ""
    if row := reasons.behind.get(pin.name):
        behind = f"{row.newest}: {row.why}"
    elif pin is not max((one for one in pins if one.name == pin.name), key=_order):
        behind = f"the last for `{pin.marker}`"
    licence = reasons.licence[pin.name]
    return f"| {pin.name} | {pin.version} | {licence} | {why} | {behind} |\n"


def _order(pin: Pin) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", pin.version))


_TITLES = {
    "run": "To run",
    "build": "To build",
    "dev": "To develop and test",
    "docs": "To build the documentation site",
    "fuzz": "To fuzz",
    "release": "To release",
}

_HEAD = """# Dependencies

Every package is pinned to one release and to the SHA-256 of its files in `requirements/*.txt`:
{pins} releases in all. pip installs nothing else (`--require-hashes`). The last column says why a
pin is not the newest release; the others were, when compared on {compared}.

| to check that | | asks the network |
| --- | --- | --- |
| this page, the lock files and `requirements/pins.toml` fit | `make check` | no |
| a pin without a reason is the newest release | `make behind` | a package index |
| no advisory is known but those accepted below | `make audit` | a service for advisories |
| the lock files are what the resolver says | `make lock`, then `git diff` | a package index |

`make behind` and `make audit` say so and fail (exit 3 of their scripts) when nothing answers:
nothing known is not the same as nothing wrong.

igraph is under the GPL. Cautery's own text stays under Apache-2.0; who hands out Cautery together
with igraph does so under the GPL's terms.
"""
