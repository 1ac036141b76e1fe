"""Whom an organisation trusts for times, as files that the reader of a bag can compare."""

from __future__ import annotations

from collections.abc import Mapping

from cryptography.hazmat.primitives.serialization import Encoding

from cautery.evidence.bag import AUTHORITIES, COSIGNERS
from cautery.evidence.outside.policy import CosignerPolicy
from cautery.evidence.outside.proof import Trust


def trusted_files(trust: Trust) -> Mapping[str, bytes]:
    """Return ``authorities.pem`` and ``cosigners.policy``, as far as somebody is trusted."""
    files = {}
    if trust.roots:
        files[AUTHORITIES] = b"".join(root.public_bytes(Encoding.PEM) for root in trust.roots)
    if trust.policy is not None:
        files[COSIGNERS] = _policy(trust.policy)
    return files


def _policy(policy: CosignerPolicy) -> bytes:
    """Return a policy as c2sp.org/tlog-policy has it."""
    lines = [
        *(f"log {log}" for log in policy.logs),
        *(f"witness {cosigner.name} {cosigner.key}" for cosigner in policy.cosigners),
        *(
            f"group {group.name} {group.threshold} {' '.join(group.members)}"
            for group in policy.groups
        ),
        f"quorum {policy.quorum}",
    ]
    return "".join(f"{line}\n" for line in lines).encode()
