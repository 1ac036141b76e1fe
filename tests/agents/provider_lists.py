"""Writes block lists as the format says, with keys made of fixed seeds, and faulty ones on purpose."""

import base64
import functools
import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cautery_provider.keys import Trust, id_of
from cautery_provider.keys import spelled as spelled_key

NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)


def private_key(name):
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())


LIST_KEY, ANNA, BRUNO, CARLA = (private_key(name) for name in ("list", "anna", "bruno", "carla"))
NAMES = ("L-1", "Example Telecom", "IT")
TRUST = Trust(NAMES, LIST_KEY.public_key(), (ANNA.public_key(), BRUNO.public_key()))


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(text):
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def spelled(moment):
    if isinstance(moment, str):  # a faulty spelling
        return moment
    text = moment.isoformat(timespec="milliseconds" if moment.microsecond else "seconds")
    return text.replace("+00:00", "Z")


def signed(key, text):
    return {"text": text, "signature": base64.b64encode(key.sign(text.encode())).decode()}


def entry(target, *, lever="name", end=NOON + timedelta(hours=2), stale_s=None):
    return {"lever": lever, "target": target, "end": spelled(end), "max_stale_s": stale_s}


def referral_text(*entries, name="R-1", end=NOON + timedelta(days=30), **changes):
    body = {
        "type": "cautery/referral/1",
        "referral": name,
        "order": "AGCOM 1/26",
        "authority": "AGCOM",
        "territory": "IT",
        "end": spelled(end),
        "grounds": digest("the whole referral"),
        "entries": sorted(entries, key=lambda row: (row["lever"], row["target"])),
    }
    return canonical(body | changes)


def approval(key, subject, **changes):
    body = {
        "type": "cautery/approval/2",
        "subject": subject,
        "approver": "Anna",
        "role": "counsel",
        "at": spelled(NOON),
        "case": id_of(LIST_KEY.public_key()),
        "mandate": digest("mandate"),
    }
    return signed(key, canonical(body | changes))


@functools.cache
def referral(text, keys=(ANNA, BRUNO)):
    approvals = [approval(key, digest(text)) for key in keys]
    return {"text": text, "approvals": approvals}


def version_text(*, number=1, previous=None, made_at=NOON, texts=(), withdrawn=(), **changes):
    body = {
        "type": "cautery/block-list/1",
        "list": NAMES[0],
        "key": spelled_key(LIST_KEY.public_key()),
        "provider": NAMES[1],
        "territory": NAMES[2],
        "version": number,
        "previous": previous,
        "made_at": spelled(made_at),
        "referrals": sorted(digest(text) for text in texts),
        "withdrawn": [
            {"referral": digest(text), "target": target}
            for text, target in sorted(withdrawn, key=lambda row: (digest(row[0]), row[1]))
        ],
    }
    return canonical(body | changes)


def envelope(text, referrals, *, key=LIST_KEY):
    parts = signed(key, text)
    return canonical(
        {"version": parts["text"], "signature": parts["signature"], "referrals": list(referrals)}
    ).encode()


@dataclass
class Publisher:
    """The service that makes version after version of one list."""

    texts: list = field(default_factory=list)
    withdrawn: list = field(default_factory=list)
    number: int = 0
    previous: str | None = None

    def publish(self, at, *, known=()):
        """Make the next version of what is current; referrals whose digest is known are left out."""
        self.number += 1
        text = version_text(
            number=self.number,
            previous=self.previous,
            made_at=at,
            texts=self.texts,
            withdrawn=self.withdrawn,
        )
        self.previous = digest(text)
        return envelope(text, [referral(text) for text in self.texts if digest(text) not in known])


class Machine:
    """Clocks that a test turns."""

    def __init__(self, start=NOON):
        self.true_s = start.timestamp()
        self.wrong_s = 0.0
        self.booted_s = self.true_s - 1_000
        self.boots = 1

    def wall_s(self):
        return self.true_s + self.wrong_s

    def boot_s(self):
        return self.true_s - self.booted_s

    def boot_id(self):
        return str(self.boots)

    def reboot(self, off_s):
        """Be off for a while."""
        self.true_s += off_s
        self.booted_s = self.true_s - 10
        self.boots += 1

    def now(self):
        return datetime.fromtimestamp(self.true_s, UTC)


class Notebook:
    """A driver that remembers what stands, across agents, as a resolver does."""

    def __init__(self, name="notebook", levers=("name", "address")):
        self.name = name
        self.levers = frozenset(levers)
        self.standing = {}
        self.applied = 0
        self.fault = None

    def apply(self, entries, at):
        if self.fault:
            raise self.fault
        self.applied += 1
        self.standing = {entry.target: entry.until for entry in entries}
        return []

    def forget(self):
        pass

    def check(self):
        return []
