"""Read a block list as an access provider does: believe nothing that is not signed.

Format: docs/reference/block-list.md, whose table of rules has the names used here.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cautery.act.block_list import LIST_TYPE, id_of_key
from cautery.act.referral_text import REFERRAL_TYPE, is_target
from cautery.errors import InputError
from cautery.json_text import parsed_json
from cautery.model import Digest, digest_of, key_fault
from cautery.model.signing_keys import PersonKey, people_among

MOST_BYTES = 32 << 20
CLOCK_AHEAD = timedelta(seconds=120)
NEEDED = 2
_VERSION = {"type": str, "list": str, "key": str, "provider": str, "territory": str,
            "version": int, "previous": str | None, "made_at": str, "referrals": list,
            "withdrawn": list}  # fmt: skip
_REFERRAL = {"type": str, "referral": str, "order": str, "authority": str, "territory": str,
             "end": str, "grounds": str, "entries": list}  # fmt: skip
_ENTRY = {"lever": str, "target": str, "end": str, "max_stale_s": int | None}
_APPROVAL = {"type": str, "subject": str, "approver": str, "role": str, "at": str, "case": str,
             "mandate": str}  # fmt: skip
_APPROVALS = {"cautery/approval/2": _APPROVAL, "cautery/approval/3": _APPROVAL | {"list": str}}
_PARTS = {"version": str, "signature": str, "referrals": list}
_HEAD = {"version": str, "signature": str}
_PART = {"text": str, "approvals": list}
_SIGNED = {"text": str, "signature": str}
_WITHDRAWN = {"referral": str, "target": str}


class RefusedListError(InputError):
    """A list is refused; ``rule`` is the id of the rule that it breaks."""

    def __init__(self, rule: str, why: str) -> None:
        super().__init__(f"{rule}: {why}")
        self.rule = rule


@dataclass(frozen=True, slots=True, kw_only=True)
class ListTrust:
    """Whom an access provider believes.

    Parameters
    ----------
    provider, territory : str
        Whose list it takes.
    approvers : collection of PersonKey
        The keys of people who approve referrals.
    list_key : bytes or None
        The raw Ed25519 key that signs versions; ``None``: the key that approvers name.
    """

    provider: str
    territory: str
    approvers: Collection[PersonKey]
    list_key: bytes | None = None

    def __post_init__(self) -> None:
        if self.list_key is not None and (fault := key_fault(self.list_key)) is not None:
            raise InputError(f"not a valid public key: {fault}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedEntry:
    """One target that a list blocks.

    Parameters
    ----------
    lever, target : str
        What is blocked: a name or an address.
    end : datetime
        When the entry ends, in UTC.
    max_stale_s : int or None
        The entry also ends so many seconds after the last version; ``None``: it does not.
    """

    lever: str
    target: str
    end: datetime
    max_stale_s: int | None

    def holds(self, now: datetime, *, made_at: datetime) -> bool:
        """Tell whether the entry is in force, the last version being of ``made_at``."""
        fresh = self.max_stale_s is None or now <= made_at + timedelta(seconds=self.max_stale_s)
        return now < self.end and fresh


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedList:
    """The last accepted version of a list.

    Parameters
    ----------
    list_id, key
        The list, and the raw key that signs its versions.
    version, digest
        Its number, and the digest of its text.
    made_at : datetime
        When it was made, in UTC.
    entries : tuple of ListedEntry
        What it blocks, withdrawn targets apart.
    referrals : mapping
        By digest, the entries of each referral that it names.
    """

    list_id: str
    key: bytes
    version: int
    digest: Digest
    made_at: datetime
    entries: tuple[ListedEntry, ...]
    referrals: Mapping[Digest, tuple[ListedEntry, ...]] = field(repr=False)


def read_list(
    body: bytes, trust: ListTrust, *, now: datetime, held: AcceptedList | None = None
) -> AcceptedList:
    """Return what a provider accepts of an envelope.

    Parameters
    ----------
    held : AcceptedList or None
        The last accepted version; its referrals need not be sent again.

    Raises
    ------
    RefusedListError
        If one rule is broken; then the whole envelope is refused.
    """
    if len(body) > MOST_BYTES:
        _refuse("form", f"over {MOST_BYTES >> 20} MiB")
    envelope = _shaped(_loaded(body), _PARTS)
    version = _text(envelope["version"], {LIST_TYPE: _VERSION})
    key = _list_key(envelope, version["key"], trust)
    if (version["provider"], version["territory"]) != (trust.provider, trust.territory):
        _refuse("list-name", "this is the list of somebody else")
    if held is not None and (version["list"], key) != (held.list_id, held.key):
        _refuse("list-name", "this is another list than the accepted one")
    digest, made_at = digest_of(envelope["version"].encode()), _time(version["made_at"])
    _check_order(version, digest, made_at, now, held)
    sent = dict(
        read_referral(part, trust, territory=version["territory"], key=key)
        for part in envelope["referrals"]
    )
    known = {**(held.referrals if held else {}), **sent}
    referrals: dict[Digest, tuple[ListedEntry, ...]] = {}
    for name in _ascending(version["referrals"]):
        if name not in known:
            _refuse("referral-missing", f"referral {name} was not sent")
        referrals[name] = known[name]
    gone = [_shaped(place, _WITHDRAWN) for place in version["withdrawn"]]
    places = {(place["referral"], place["target"]) for place in gone}
    _ascending([(place["referral"], place["target"]) for place in gone])
    there = {(name, entry.target) for name, part in referrals.items() for entry in part}
    if not places <= there:
        _refuse("withdrawn-unknown", "a target is withdrawn that no referral has")
    return AcceptedList(
        list_id=version["list"],
        key=key,
        version=version["version"],
        digest=digest,
        made_at=made_at,
        entries=tuple(
            entry
            for name, part in referrals.items()
            for entry in part
            if (name, entry.target) not in places
        ),
        referrals=referrals,
    )


def read_head(body: bytes, *, key: bytes) -> dict[str, Any]:
    """Return what a version says that lies in a public folder, apart from its referrals.

    Parameters
    ----------
    key : bytes
        The raw key that signs versions of the list.

    Raises
    ------
    RefusedListError
        If it is no version, or this key did not sign it.
    """
    head = _shaped(_loaded(body), _HEAD)
    version = _text(head["version"], {LIST_TYPE: _VERSION})
    if not _is_signed({"signature": head["signature"], "text": head["version"]}, key):
        _refuse("list-key", "the version is not signed by the list's key")
    return version


def referrals_signed(body: bytes, *, provider: str, key: bytes) -> frozenset[str]:
    """Return the ids of the referrals that a version names and an envelope holds.

    Parameters
    ----------
    body : bytes
        The envelope, as it was sent.
    provider : str
        Whose list it is.
    key : bytes
        The raw key that signs versions of the list.

    Raises
    ------
    RefusedListError
        If this key did not sign the version, or it is the list of somebody else.
    """
    envelope = _shaped(_loaded(body), _PARTS)
    version = _text(envelope["version"], {LIST_TYPE: _VERSION})
    if version["provider"] != provider:
        _refuse("list-name", "this is the list of somebody else")
    trust = ListTrust(provider=provider, territory=version["territory"], approvers=(), list_key=key)
    _list_key(envelope, version["key"], trust)
    texts = (_shaped(part, _PART)["text"] for part in envelope["referrals"])
    return frozenset(
        _text(text, {REFERRAL_TYPE: _REFERRAL})["referral"]
        for text in texts
        if digest_of(text.encode()) in version["referrals"]
    )


def _check_order(
    version: Mapping[str, Any],
    digest: Digest,
    made_at: datetime,
    now: datetime,
    held: AcceptedList | None,
) -> None:
    if made_at > now + CLOCK_AHEAD:
        _refuse("time", "the version is dated in the future")
    if version["version"] < 1:
        _refuse("form", "versions begin with 1")
    if held is None:
        return
    if version["version"] < held.version:
        _refuse("version-old", f"version {held.version} was accepted before")
    if version["version"] == held.version and digest != held.digest:
        _refuse("version-forked", f"version {held.version} has two texts")
    if version["version"] == held.version + 1 and version["previous"] != held.digest:
        _refuse("version-forked", f"this does not follow the accepted version {held.version}")
    if made_at < held.made_at:
        _refuse("time", "the version is older than the accepted one")


def read_referral(
    part: Any, trust: ListTrust, *, territory: str, key: bytes
) -> tuple[Digest, tuple[ListedEntry, ...]]:
    """Return a referral's digest and entries, if two approvers signed it.

    Parameters
    ----------
    part : JSON
        Its text and its approvals, as an envelope has them.
    key : bytes
        The raw key that signs versions of the list.

    Raises
    ------
    RefusedListError
        If it may not be on this list.
    """
    part = _shaped(part, _PART)
    referral = _text(part["text"], {REFERRAL_TYPE: _REFERRAL})
    digest = digest_of(part["text"].encode())
    signers: list[frozenset[str]] = []
    for approval in part["approvals"]:
        signed = _shaped(approval, _SIGNED)
        statement = _text(signed["text"], _APPROVALS)
        if statement["subject"] != digest:
            _refuse("two-people", "an approval is of another referral")
        if statement.get("list", statement["case"]) != id_of_key(key):
            _refuse("two-people", "an approval is for another list than this one")
        signers += [key.marks for key in trust.approvers if _is_approved(signed, key)]
    if (people := people_among(signers)) < NEEDED:
        _refuse("two-people", f"{people} of {NEEDED} approvers signed a referral")
    if referral["territory"] != territory:
        _refuse("territory", f"a referral for {referral['territory'][:10]!r} is on the list")
    end = _time(referral["end"])
    entries = tuple(_entry(entry, end) for entry in referral["entries"])
    _ascending([(entry.lever, entry.target) for entry in entries])
    return digest, entries


def _entry(entry: Any, latest: datetime) -> ListedEntry:
    entry = _shaped(entry, _ENTRY)
    end, stale = _time(entry["end"]), entry["max_stale_s"]
    if not is_target(entry["lever"], entry["target"]) or end > latest:
        _refuse("form", f"the entry {entry['target'][:80]!r} is not valid")
    if stale is not None and not 0 < stale <= 86_400:
        _refuse("form", "max_stale_s is not between a second and a day")
    return ListedEntry(lever=entry["lever"], target=entry["target"], end=end, max_stale_s=stale)


def _text(text: str, shapes: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the JSON of a text whose type is one of these."""
    value = _loaded(text.encode(errors="replace"))
    kind = value.get("type") if isinstance(value, dict) else None
    if not isinstance(kind, str) or kind not in shapes:
        _refuse("form", f"this is not {' or '.join(shapes)}")
    return _shaped(value, shapes[kind])


def _loaded(raw: bytes) -> Any:
    """Return the JSON of some bytes, which have one spelling (RFC 8785)."""
    try:
        value = parsed_json(raw.decode(), parse_float=_no_number, parse_constant=_no_number)
        spelled = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    except (ValueError, RecursionError):
        _refuse("form", "not valid JSON")
    if spelled.encode(errors="replace") != raw:
        _refuse("form", "the JSON is not in the form of RFC 8785")
    return value


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not an integer")


def _shaped(value: Any, shape: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(value, dict) or value.keys() != shape.keys():
        _refuse("form", f"an object has other keys than {', '.join(shape)}")
    for key, kind in shape.items():
        if not isinstance(value[key], kind) or isinstance(value[key], bool):
            _refuse("form", f"{key} has another type")
    return value


def _ascending(keys: Sequence[Any]) -> Sequence[Any]:
    try:
        ascending = all(before < after for before, after in pairwise(keys))
    except TypeError:
        ascending = False
    if not ascending or not all(isinstance(key, str | tuple) for key in keys):
        _refuse("form", "a list is not sorted, or names something twice")
    return keys


def _time(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        _refuse("form", f"{text[:40]!r} is not a time")
    if not text.endswith("Z"):
        _refuse("form", f"{text[:40]!r} is not a time in UTC")
    return moment


def _list_key(envelope: Mapping[str, Any], encoded: str, trust: ListTrust) -> bytes:
    """Return the key that signed a version, if it is the one that is believed."""
    key = _decoded(encoded)
    signed = {"signature": envelope["signature"], "text": envelope["version"]}
    if (
        key_fault(key) is not None
        or trust.list_key not in (None, key)
        or not _is_signed(signed, key)
    ):
        _refuse("list-key", "the version is not signed by the list's key")
    return key


def _is_approved(signed: Mapping[str, str], key: PersonKey) -> bool:
    try:
        key.verify(signed["signature"], signed["text"].encode())
    except ValueError:
        return False
    return True


def _is_signed(signed: Mapping[str, str], key: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(
            _decoded(signed["signature"]), signed["text"].encode()
        )
    except (InvalidSignature, ValueError):
        return False
    return True


def _decoded(text: str) -> bytes:
    """Return the bytes of base64; nothing of a text that is not their one spelling."""
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError:
        return b""
    return raw if base64.b64encode(raw).decode() == text else b""


def _refuse(rule: str, why: str) -> NoReturn:
    raise RefusedListError(rule, why)
