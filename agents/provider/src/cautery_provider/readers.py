"""How the texts of a block list are spelled. Whatever is spelled otherwise is refused.

The format is docs/reference/block-list.md of Cautery's repository. Nothing here looks at a
signature or a clock: a text that passes is well-formed, and no more.
"""

from __future__ import annotations

import base64
import itertools
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from cautery_provider.form import (
    PASSKEY,
    Entry,
    Envelope,
    Referral,
    Signed,
    Version,
    digest_of,
)
from cautery_provider.rules import refuse
from cautery_provider.strict import MOST_NUMBER, canonical
from cautery_provider.targets import is_address, is_host_name

MOST_BYTES = 32 * 2**20
_MOST_TEXT = 1_000  # characters of a name or an order's number
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z")
_MOST_SIGNATURE = 4_000  # characters; a passkey's has what its browser said
_MOST_APPROVALS = 16  # of one referral: each costs a check of a signature for each approver's key


def read_envelope(body: bytes) -> Envelope:
    """Read what a feed sent, with each referral and approval in it.

    Raises
    ------
    Refused
        By the rule `form`.
    """
    if len(body) > MOST_BYTES:
        refuse("the envelope", f"{len(body)} bytes; the most is {MOST_BYTES}")
    try:
        text = body.decode()
    except UnicodeDecodeError:
        refuse("the envelope", "not UTF-8")
    where = "the envelope"
    parts = _record(canonical(text, where), where, version=_any, signature=_any, referrals=_list)
    referrals: dict[str, Referral] = {}
    for part in parts["referrals"]:
        referral = _referral(part)
        if referral.digest in referrals:
            refuse("the envelope", f"has referral {referral.name!r} twice")
        referrals[referral.digest] = referral
    version = _signed({"text": parts["version"], "signature": parts["signature"]}, "the version")
    return Envelope(version, referrals)


def read_version(text: str) -> Version:
    """Read a version's text.

    Raises
    ------
    Refused
        By the rule `form`.
    """
    where = "the version"
    value = _record(
        canonical(text, where),
        where,
        type=_literal("cautery/block-list/1"),
        list=_text,
        key=_text,
        provider=_text,
        territory=_text,
        version=_number,
        previous=_maybe(_digest),
        made_at=_time,
        referrals=_list,
        withdrawn=_list,
    )
    referrals = tuple(_digest(name, f"{where}, referrals") for name in value["referrals"])
    rows = [
        _record(row, f"{where}, withdrawn", referral=_digest, target=_target)
        for row in value["withdrawn"]
    ]
    withdrawn = tuple((row["referral"], row["target"]) for row in rows)
    _ascending(referrals, f"{where}, referrals")
    _ascending(withdrawn, f"{where}, withdrawn")
    return Version(
        value["list"],
        value["key"],
        value["provider"],
        value["territory"],
        value["version"],
        value["previous"],
        value["made_at"],
        referrals,
        withdrawn,
    )


def read_approval(approval: Signed) -> tuple[str, str]:
    """Return the digest of the text that an approval is about, and the id of the list's key.

    The case itself has that key, or the approval names the key of an organisation's lists.

    Raises
    ------
    Refused
        By the rule `form`.
    """
    where, read = "an approval", canonical(approval.text, "an approval")
    of_list = isinstance(read, dict) and "list" in read
    value = _record(
        read,
        where,
        type=_literal(f"cautery/approval/{3 if of_list else 2}"),
        subject=_digest,
        approver=_text,
        role=_text,
        at=_time,
        case=_text,
        mandate=_digest,
        **({"list": _text} if of_list else {}),
    )
    return value["subject"], value["list" if of_list else "case"]


def _referral(part: object) -> Referral:
    sent = _record(part, "a referral", text=_any, approvals=_list)
    approvals = tuple(_signed(approval, "an approval") for approval in sent["approvals"])
    if len(set(approvals)) != len(approvals) or len(approvals) > _MOST_APPROVALS:
        refuse("a referral", f"has an approval twice, or more than {_MOST_APPROVALS}")
    text = sent["text"]
    where = "a referral"
    value = _record(
        canonical(text, where),
        where,
        type=_literal("cautery/referral/1"),
        referral=_text,
        order=_text,
        authority=_text,
        territory=_text,
        end=_time,
        grounds=_digest,
        entries=_list,
    )
    entries = tuple(_entry(row, value["end"]) for row in value["entries"])
    _ascending([(entry.lever, entry.target) for entry in entries], f"{where}, entries")
    return Referral(
        digest_of(text),
        text,
        approvals,
        value["referral"],
        value["order"],
        value["authority"],
        value["territory"],
        value["end"],
        entries,
    )


def _entry(row: object, last_end: datetime) -> Entry:
    value = _record(
        row, "an entry", lever=_any, target=_target, end=_time, max_stale_s=_maybe(_number)
    )
    if value["lever"] not in ("name", "address"):
        refuse("an entry", f"lever {value['lever']!r}; want name or address")
    target = str(value["target"])
    if not (is_host_name if value["lever"] == "name" else is_address)(target):
        refuse("an entry", f"{target!r} is not one {value['lever']} in its only spelling")
    if value["end"] > last_end:
        refuse("an entry", f"{target!r} ends later than its referral")
    return Entry(value["lever"], target, value["end"], value["max_stale_s"])


def _record(value: object, where: str, **checks: Callable[[Any, str], Any]) -> dict[str, Any]:
    if not isinstance(value, dict) or value.keys() != checks.keys():
        refuse(where, f"want an object with the keys {', '.join(checks)} and no other")
    return {key: check(value[key], f"{where}, {key}") for key, check in checks.items()}


def _signed(value: object, where: str) -> Signed:
    parts = _record(value, where, text=_any, signature=_any)
    text, spelled = parts["text"], parts["signature"]
    if not isinstance(text, str) or not isinstance(spelled, str):
        refuse(where, "text and signature are strings")
    by_passkey = spelled.startswith(f"{PASSKEY} ")
    words = spelled.split(" ")[1:] if by_passkey else [spelled]
    if len(spelled) > _MOST_SIGNATURE or len(words) != (3 if by_passkey else 1):
        refuse(where, "the signature is neither a key's nor a passkey's")
    try:
        *said, signature = (base64.b64decode(word, validate=True) for word in words)
    except ValueError:
        refuse(where, "the signature is not base64")
    try:
        text.encode()
    except UnicodeEncodeError:
        refuse(where, "the text has no UTF-8 bytes")
    signed = Signed(text, signature, (said[0], said[1]) if by_passkey else None)
    if signed.spelled != spelled or (not by_passkey and len(signature) != 64):
        refuse(where, "the signature is not in base64's only spelling, or not 64 bytes")
    return signed


def _ascending(values: Any, where: str) -> None:
    if any(first >= second for first, second in itertools.pairwise(values)):
        refuse(where, "not sorted, or with a repetition")


def _any(value: Any, _where: str) -> Any:
    return value


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        refuse(where, "not an array")
    return value


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= _MOST_TEXT:
        refuse(where, f"want a text of 1 to {_MOST_TEXT} characters")
    return value


def _target(value: Any, where: str) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= 253:
        refuse(where, "want a text of 1 to 253 characters")
    return value


def _literal(wanted: str) -> Callable[[Any, str], str]:
    def check(value: Any, where: str) -> str:
        if value != wanted:
            refuse(where, f"want {wanted!r}")
        return wanted

    return check


def _maybe(check: Callable[[Any, str], Any]) -> Callable[[Any, str], Any]:
    return lambda value, where: None if value is None else check(value, where)


def _number(value: Any, where: str) -> int:
    if type(value) is not int or not 1 <= value <= MOST_NUMBER:
        refuse(where, "want a whole number from 1 to 2^53 - 1")
    return value


def _digest(value: Any, where: str) -> str:
    if not isinstance(value, str) or not _DIGEST.fullmatch(value):
        refuse(where, "want sha256: and 64 lower-case hex digits")
    return value


def _time(value: Any, where: str) -> datetime:
    try:
        matched = _TIME.fullmatch(value)
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        matched = None
    if not matched:
        refuse(where, "want a time as 2026-03-14T19:45:00Z")
    return moment.astimezone(UTC)
