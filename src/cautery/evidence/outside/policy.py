"""How many co-signers are enough: a policy file (c2sp.org/tlog-policy).

``log KEY [URL]``, ``witness NAME KEY [URL]`` for each co-signer, ``group NAME K|any|all NAME...``
and ``quorum NAME|none``. A co-signer is its public key: two lines with one key are refused.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from cautery.errors import EvidenceError, InputError
from cautery.evidence.note import NoteVerifier
from cautery.evidence.outside.cosignatures import Cosigned, CosignerKey, open_cosigned

MAX_POLICY_BYTES = 1 << 16
_MOST_LINES = 1000
_NONE = "none"
_ALLOWED = frozenset("\t\n")


@dataclass(frozen=True, slots=True)
class Cosigner:
    """A co-signer of a policy: its name there, its key, and where it is asked, if stated."""

    name: str
    key: CosignerKey
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """So many of these names, each a co-signer or an earlier group, must agree."""

    name: str
    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CosignerPolicy:
    """Which logs and co-signers count, and how many co-signers are enough.

    Parameters
    ----------
    logs : tuple of NoteVerifier
        Logs whose checkpoints count; empty: any.
    cosigners : tuple of Cosigner
        By name.
    groups : tuple of Group
        Each refers to what stands before it.
    quorum : str
        The co-signer or group that is enough; ``none``: no co-signer is asked for.
    """

    logs: tuple[NoteVerifier, ...]
    cosigners: tuple[Cosigner, ...]
    groups: tuple[Group, ...]
    quorum: str

    @property
    def keys(self) -> tuple[CosignerKey, ...]:
        """The keys of all co-signers."""
        return tuple(cosigner.key for cosigner in self.cosigners)

    @property
    def words(self) -> str:
        """The quorum in words, such as ``2 of a, b, c``."""
        for group in self.groups:
            if group.name == self.quorum:
                return f"{group.threshold} of {', '.join(group.members)}"
        return "no co-signer" if self.quorum == _NONE else self.quorum

    def open(self, note: str, log: NoteVerifier) -> Cosigned:
        """Read a checkpoint of a log that this policy allows.

        Raises
        ------
        EvidenceError
            If the log is none of the policy's, or has not signed it.
        """
        if self.logs and log not in self.logs:
            raise EvidenceError(f"the log {log.name} with this key is not in the policy")
        return open_cosigned(note, log, self.keys)

    def enough(self, keys: Collection[bytes]) -> bool:
        """Tell whether these public keys are enough co-signers."""
        agree: dict[str, bool] = {_NONE: True}
        for cosigner in self.cosigners:
            agree[cosigner.name] = cosigner.key.public in keys
        for group in self.groups:
            agree[group.name] = sum(agree[name] for name in group.members) >= group.threshold
        return agree[self.quorum]

    def not_after(self, times: Mapping[bytes, datetime]) -> datetime | None:
        """Return by when enough co-signers had seen a root; ``None``: not enough did."""
        for time in sorted(set(times.values())):
            if self.enough({key for key, at in times.items() if at <= time}):
                return time if self.cosigners and self.quorum != _NONE else None
        return None

    def not_before(self, times: Mapping[bytes, datetime]) -> datetime | None:
        """Return the latest time from which on enough co-signers signed; ``None``: not enough.

        What carries their co-signatures was made after it, unless enough of them lie together.
        """
        for time in sorted(set(times.values()), reverse=True):
            if self.enough({key for key, at in times.items() if at >= time}):
                return time if self.cosigners and self.quorum != _NONE else None
        return None


def parse_policy(raw: bytes) -> CosignerPolicy:
    """Read a policy file.

    Raises
    ------
    InputError
        Naming the first line that is not as the specification has it.
    """
    if len(raw) > MAX_POLICY_BYTES:
        raise InputError(f"the policy has more than {MAX_POLICY_BYTES} bytes")
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise InputError(f"the policy is not UTF-8: {error}") from error
    if any((sign < " " and sign not in _ALLOWED) or sign == "\x7f" for sign in text):
        raise InputError("the policy contains a control character")
    reading = _Reading()
    for number, line in enumerate(text.split("\n"), 1):
        words = [word for word in line.replace("\t", " ").split(" ") if word]
        if number > _MOST_LINES:
            raise InputError(f"the policy has more than {_MOST_LINES} lines")
        if words and not words[0].startswith("#"):
            try:
                reading.line(words)
            except InputError as error:
                raise InputError(f"line {number} of the policy: {error}") from error
    if reading.quorum is None:
        raise InputError(
            "the policy has no quorum line", hint="End it with: quorum NAME, or quorum none."
        )
    return CosignerPolicy(
        logs=tuple(reading.logs.values()),
        cosigners=tuple(reading.cosigners),
        groups=tuple(reading.groups),
        quorum=reading.quorum,
    )


class _Reading:
    """A policy while its lines are read."""

    def __init__(self) -> None:
        self.logs: dict[bytes, NoteVerifier] = {}
        self.cosigners: list[Cosigner] = []
        self.groups: list[Group] = []
        self.quorum: str | None = None
        self._names: set[str] = {_NONE}
        self._grouped: set[str] = set()

    def line(self, words: list[str]) -> None:
        match words:
            case ["log", key, *url] if len(url) <= 1:
                log = NoteVerifier.parse(key)
                if log.public in self.logs:
                    raise InputError("another log has the same public key")
                self.logs[log.public] = log
            case ["witness", name, key, *url] if len(url) <= 1:
                self._witness(name, CosignerKey.parse(key), url[0] if url else None)
            case ["group", name, threshold, *members] if members:
                self._group(name, threshold, members)
            case ["quorum", name]:
                if self.quorum is not None:
                    raise InputError("a second quorum")
                if name not in self._names:
                    raise InputError(f"{name[:80]!r} is not defined before it")
                self.quorum = name
            case _:
                raise InputError(
                    f"{' '.join(words)[:80]!r} is not a line of a policy",
                    hint="Lines begin with log, witness, group or quorum (c2sp.org/tlog-policy).",
                )

    def _witness(self, name: str, key: CosignerKey, url: str | None) -> None:
        self._define(name)
        for cosigner in self.cosigners:
            if cosigner.key.public == key.public:
                raise InputError(
                    f"{name[:80]!r} has the same public key as {cosigner.name!r}; a co-signer "
                    "counts once"
                )
        self.cosigners.append(Cosigner(name, key, url))

    def _group(self, name: str, threshold: str, members: list[str]) -> None:
        for member in members:
            if member not in self._names or member == _NONE:
                raise InputError(f"{member[:80]!r} is not defined before the group")
            if member in self._grouped:
                raise InputError(f"{member[:80]!r} is a member twice")
            self._grouped.add(member)
        counts = {"any": 1, "all": len(members)}
        if threshold not in counts and not (
            threshold.isascii() and threshold.isdigit() and threshold[:1] != "0"
        ):
            raise InputError(f"{threshold[:80]!r} is not a number, any or all")
        # A bound before ``int``: the file may hold a number of 64,000 digits.
        count = counts.get(threshold) or int(threshold[:9])
        if not 1 <= count <= len(members):
            raise InputError(f"{threshold[:80]} of {len(members)} members cannot agree")
        self._define(name)
        self.groups.append(Group(name, count, tuple(members)))

    def _define(self, name: str) -> None:
        if name in self._names:
            raise InputError(f"the name {name[:80]!r} is used twice")
        self._names.add(name)
