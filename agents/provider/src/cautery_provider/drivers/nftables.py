"""Addresses in two sets of nftables, each element with its own timeout.

Reaches: the kernel's packet filter, by nft(8). The sets are made if they are not there; where a
rule matches them is the provider's choice. Each element carries the list's name as its comment.
Elements without it belong to others: they are never touched, and a set is never flushed. One
change is one transaction of `nft -f -`.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cautery_provider.blocks import Block, Refusal
from cautery_provider.drivers import DriverError, problems, run

_CLOSE = timedelta(seconds=2)  # nft tells what is left of a timeout in whole seconds
_NO_END_S = 10**9
_FARTHEST = timedelta(days=30)  # nft takes no timeout of some years; one is renewed at its half


@dataclass(frozen=True, slots=True)
class _Standing:
    ours: dict[str, datetime]
    theirs: set[str]


class Nftables:
    """Elements of `blocked4` and `blocked6` of an `inet` table."""

    levers = frozenset({"address"})

    def __init__(
        self, *, owner: str, table: str = "cautery", command: Sequence[str] = ("nft",)
    ) -> None:
        self.name = f"nftables {table}"
        self._comment = f"cautery {owner}"
        self._table = table
        self._command = tuple(command)
        self._standing: _Standing | None = None

    def apply(self, entries: Sequence[Block], at: datetime) -> list[Refusal]:
        """Let exactly these addresses stand, each until its end."""
        standing = self._standing or self._read(at)
        self._standing = None  # until the change is known to have worked
        wanted = {entry.target: entry.until for entry in entries}
        ours = standing.ours
        gone = [target for target in ours if target not in wanted]
        changed = {
            target: min(until, at + _FARTHEST)
            for target, until in wanted.items()
            if target not in standing.theirs
            and (target not in ours or _is_off(ours[target], until, at))
        }
        if gone or changed:
            run(
                (*self._command, "-f", "-"),
                text="\n".join(self._script(gone, changed, at)) + "\n",
            )
        kept = {target: until for target, until in ours.items() if target in wanted} | changed
        self._standing = _Standing(kept, standing.theirs)
        return []

    def forget(self) -> None:
        """Read the sets before the next change."""
        self._standing = None

    def check(self) -> list[str]:
        """Say whether nft answers, and whether any rule looks at the sets."""
        found = problems(self, (*self._command, "list", "tables"))
        if not found and "@blocked" not in run((*self._command, "list", "ruleset")):
            found.append(f"{self.name}: no rule matches @blocked4 or @blocked6: nothing is dropped")
        return found

    def _script(
        self, gone: Iterable[str], changed: Mapping[str, datetime], at: datetime
    ) -> Iterator[str]:
        """Yield lines that work whatever stands: an element is added, deleted, and added anew.

        `add` alone leaves the timeout of an element as it is on kernels before 6.12, and `delete`
        alone fails for an element that has just ended by itself.
        """
        everything = [*gone, *changed]
        yield from self._lines("add", everything)
        yield from self._lines("delete", everything)
        timed = []
        for target, until in changed.items():
            left_s = max(1, int((until - at).total_seconds()))
            timed.append(f'{target} timeout {left_s}s comment "{self._comment}"')
        yield from self._lines("add", timed)

    def _lines(self, verb: str, elements: Iterable[str]) -> Iterator[str]:
        sets: dict[str, list[str]] = {"blocked4": [], "blocked6": []}
        for element in elements:
            sets["blocked6" if ":" in element.partition(" ")[0] else "blocked4"].append(element)
        for name, members in sets.items():
            if members:
                yield f"{verb} element inet {self._table} {name} {{ {', '.join(members)} }}"

    def _read(self, at: datetime) -> _Standing:
        run(
            (*self._command, "-f", "-"),
            text=f"add table inet {self._table}\n"
            + "".join(
                f"add set inet {self._table} blocked{version} "
                f"{{ type ipv{version}_addr; flags timeout; }}\n"
                for version in (4, 6)
            ),
        )
        standing = _Standing({}, set())
        for name in ("blocked4", "blocked6"):
            printed = run((*self._command, "-j", "list", "set", "inet", self._table, name))
            for element in _elements(printed):
                target = _as_listed(str(element["val"]))
                if element.get("comment") == self._comment:
                    # Without a timeout an element stays for ever: it is far from any end that is
                    # wanted, so it gets one.
                    left_s = int(str(element.get("expires", _NO_END_S)))
                    standing.ours[target] = at + timedelta(seconds=left_s)
                else:
                    standing.theirs.add(target)
        return standing


def _is_off(stands_until: datetime, until: datetime, at: datetime) -> bool:
    """Tell whether an element has another timeout than it is to have."""
    if until - at > _FARTHEST:
        return stands_until - at < _FARTHEST / 2
    return abs(stands_until - until) > _CLOSE


def _as_listed(printed: str) -> str:
    """Return an address as lists spell it: nft prints ::102:304 as ::1.2.3.4.

    One address in two spellings would be taken away twice, and nft refuses the whole change.
    """
    try:
        return str(ipaddress.ip_address(printed))
    except ValueError:  # a range, say, which somebody else has put there
        return printed


def _elements(printed: str) -> Iterator[dict[str, object]]:
    """Yield the elements of a set: nft prints a bare value, or one with what belongs to it."""
    try:
        for part in json.loads(printed)["nftables"]:
            for element in part.get("set", {}).get("elem", ()):
                bare = not isinstance(element, dict) or "elem" not in element
                yield {"val": element} if bare else element["elem"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DriverError(f"nft prints no set that can be read: {error!r}") from error
