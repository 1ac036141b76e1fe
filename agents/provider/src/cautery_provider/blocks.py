"""Which entries are in force at a moment, and which of them the provider's own rules keep out."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cautery_provider.verifier import Accepted

Key = tuple[str, str]
"""Lever and target."""

NEVER = ("0.0.0.0/8", "224.0.0.0/4", "255.255.255.255", "::", "fe80::/10", "ff00::/8")
"""What is no one host's address, whatever a list says (RFC 6890)."""


@dataclass(frozen=True, slots=True)
class Block:
    """One target that is blocked until a moment."""

    lever: str
    target: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Refusal:
    """One entry that is not blocked here, and why."""

    lever: str
    target: str
    rule: str
    reason: str


@dataclass(frozen=True)
class Rules:
    """What a provider keeps out, whoever signed it.

    Attributes
    ----------
    names : frozenset of str
        Names that are never blocked, nor any name below them.
    networks : tuple
        Networks in which no address is blocked.
    most_changes : int
        Targets that one version may add.
    most_entries : int
        Targets that may be blocked at all.
    levers : frozenset of str
        What some driver can block.
    """

    names: frozenset[str]
    networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]
    most_changes: int
    most_entries: int
    levers: frozenset[str]
    _built_in: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = field(
        default=tuple(ipaddress.ip_network(text) for text in NEVER), init=False
    )

    def against(self, lever: str, target: str) -> tuple[str, str] | None:
        """Return the rule and the reason that keep a target out, or None."""
        if lever not in self.levers:
            return "no-driver", f"this provider has no driver for the lever {lever}"
        if lever == "name":
            labels = target.split(".")
            if len(labels) < 2:
                return "never-block", "a single label is no host of anybody"
            for start in range(len(labels)):
                protected = ".".join(labels[start:])
                if protected in self.names:
                    return "never-block", f"{protected} is never blocked here, nor what is below"
            return None
        address = ipaddress.ip_address(target)
        for network in self._built_in + self.networks:
            if address.version == network.version and address in network:
                return "never-block", f"no address of {network} is blocked here"
        return None


def in_force(accepted: Accepted, now: datetime) -> dict[Key, Block]:
    """Return what the last accepted version blocks at a moment.

    Where two referrals name a target, it is blocked until the later of their ends.
    """
    withdrawn = set(accepted.version.withdrawn)
    made_at = accepted.version.made_at
    blocks: dict[Key, Block] = {}
    for digest, referral in accepted.referrals.items():
        for entry in referral.entries:
            until = entry.end
            if entry.max_stale_s is not None:
                until = min(until, made_at + timedelta(seconds=min(entry.max_stale_s, 2**31)))
            if until <= now or (digest, entry.target) in withdrawn:
                continue
            key = (entry.lever, entry.target)
            known = blocks.get(key)
            if known is None or known.until < until:
                blocks[key] = Block(entry.lever, entry.target, until)
    return blocks


@dataclass(frozen=True, slots=True)
class Admission:
    """What the provider's rules let in: each target with the version that added it."""

    admitted: dict[Key, int]
    refused: list[Refusal]


def admit(
    wanted: Mapping[Key, Block],
    before: Mapping[Key, int],
    rules: Rules,
    *,
    version: int,
    held: bool = False,
) -> Admission:
    """Decide which targets of a version are blocked. What goes is never capped, what comes is.

    Parameters
    ----------
    wanted : mapping of Key to Block
        What the version has in force.
    before : mapping of Key to int
        What was admitted before, with the version that added it.
    rules : Rules
        What the provider keeps out.
    version : int
        The number of the version.
    held : bool
        The provider holds the list: nothing is added.
    """
    admitted: dict[Key, int] = {}
    refused: list[Refusal] = []
    added = 0
    standing = sum(key in wanted for key in before)
    for key in sorted(wanted):
        lever, target = key
        against = rules.against(lever, target)
        if against is None and key not in before:
            if held:
                against = "hold", "this provider holds the list, and adds nothing"
            elif added >= rules.most_changes:
                against = "cap-changes", f"one version adds at most {rules.most_changes} here"
            elif standing + added >= rules.most_entries:
                against = "cap-entries", f"at most {rules.most_entries} are blocked here"
        if against:
            refused.append(Refusal(lever, target, *against))
            continue
        added += key not in before
        admitted[key] = before.get(key, version)
    return Admission(admitted, refused)
