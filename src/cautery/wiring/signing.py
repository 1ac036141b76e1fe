"""What named people sign, and the key by which all is checked."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from cautery import wiring
from cautery.act.signatures import PasskeyAnswer
from cautery.adapters.person_keys import load_approver
from cautery.evidence.manifest import CASE_KEY
from cautery.evidence.note import NoteVerifier
from cautery.model import Approval, Digest, Override
from cautery.model.records import ActRefused
from cautery.wiring.cases import adding_to, keys, reading_store
from cautery.workflows.case.referral import approve_referral
from cautery.workflows.case.refusals import refuse_act
from cautery.workflows.guard.sign import sign_overrides as sign_overrides_of

__all__ = ["PasskeyAnswer", "approve", "public_key_of", "refuse", "sign_overrides"]


def approve(
    case_path: Path,
    referral: str,
    *,
    shown: Digest,
    name: str,
    key: Path | PasskeyAnswer,
    seen: int | None = None,
) -> Approval:
    """Sign a referral of a case that may be watched at this moment by another process.

    Parameters
    ----------
    key : Path or PasskeyAnswer
        File of the person's key; or what the person's passkey signed.
    seen : int, optional
        The newest record about it that the person saw.

    Raises
    ------
    CauteryError
        As the workflow says.
    """
    signing = load_approver(key) if isinstance(key, Path) else key
    with adding_to(case_path) as ledger:
        return approve_referral(
            ledger,
            referral,
            shown=shown,
            name=name,
            key=signing,
            now=wiring.clock().now(),
            seen=seen,
        )


def refuse(
    case_path: Path,
    act: str,
    *,
    shown: Digest | None,
    name: str,
    why: str,
    seen: int | None = None,
) -> ActRefused:
    """Refuse a referral or a notice of a case that may be watched by another process.

    Raises
    ------
    CauteryError
        As the workflow says.
    """
    with adding_to(case_path) as ledger:
        return refuse_act(
            ledger,
            act,
            shown=shown,
            name=name,
            why=why,
            now=wiring.clock().now(),
            seen=seen,
        )


def sign_overrides(
    case_path: Path,
    overrides: Mapping[str, Override],
    *,
    shown: Collection[Digest],
    name: str,
    key: Path,
) -> tuple[Override, ...]:
    """Sign overrides for a case that may be watched by another process.

    Raises
    ------
    CauteryError
        As the workflow says.
    """
    signing = load_approver(key)
    with adding_to(case_path) as ledger:
        return sign_overrides_of(
            ledger, overrides, shown=shown, name=name, key=signing, now=wiring.clock().now()
        )


def public_key_of(case_path: Path, keys_dir: Path | None) -> Path:
    """Write the case's verifier key beside its private keys, and return that file.

    It comes from the folder of keys, not from the case: what ``--public-key`` wants.
    """
    stated = reading_store().read(case_path, CASE_KEY, limit=4096).decode("ascii", "replace")
    case_keys = keys(keys_dir).case(NoteVerifier.parse(stated))
    path = keys(keys_dir).path / f"{case_keys.case}.pub"
    path.write_text(f"{case_keys.signer.key}\n", encoding="ascii")
    return path
