"""Which envelope may change what this provider blocks? Each rule of the format is one check here.

`readers` reads the texts, `keys` the signatures; this file alone decides. A provider can read it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from cautery_provider.form import Referral, Signed, Version, digest_of
from cautery_provider.keys import Trust, id_of, signs, spelled
from cautery_provider.readers import read_approval, read_envelope, read_version
from cautery_provider.rules import require

AHEAD = timedelta(seconds=120)


@dataclass(frozen=True, slots=True)
class Accepted:
    """A version that passed every rule, with the referrals that it names."""

    signed: Signed
    digest: str
    version: Version
    referrals: dict[str, Referral]


def verify(envelope: bytes, trust: Trust, before: Accepted | None, now: datetime) -> Accepted:
    """Return the state that an envelope proves, or raise Refused with the rule that it breaks."""
    sent = read_envelope(envelope)
    require("list-key", signs(trust.list_key, sent.version))
    version, digest = read_version(sent.version.text), digest_of(sent.version.text)
    require("list-key", version.key == spelled(trust.list_key))
    require("list-name", (version.list, version.provider, version.territory) == trust.names)
    require("time", version.made_at <= now + AHEAD)
    if before:
        number, last = version.number, before.version.number
        require("version-old", number >= last)
        require("version-forked", number != last or digest == before.digest)
        require("version-forked", number != last + 1 or version.previous == before.digest)
        require("time", version.made_at >= before.version.made_at)

    for referral in sent.referrals.values():
        about = {read_approval(approval) for approval in referral.approvals}
        require("two-people", about == {(referral.digest, id_of(trust.list_key))})
        approvers = [
            any(signs(key, text) for text in referral.approvals) for key in trust.approvers
        ]
        require("two-people", sum(approvers) >= 2)
    known = (before.referrals if before else {}) | sent.referrals
    require("referral-missing", known.keys() >= set(version.referrals))
    require("form", sent.referrals.keys() <= set(version.referrals))
    current = {name: known[name] for name in version.referrals}
    require("territory", all(item.territory == version.territory for item in current.values()))
    targets = {(name, entry.target) for name, item in current.items() for entry in item.entries}
    require("withdrawn-unknown", targets >= set(version.withdrawn))
    return Accepted(sent.version, digest, version, current)
