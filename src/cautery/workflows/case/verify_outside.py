"""What others say of a closed case: the proofs in its records, and that of its closing."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from cautery.errors import EvidenceError
from cautery.evidence.manifest import VAULT, Manifest
from cautery.evidence.note import NoteVerifier
from cautery.evidence.outside.proof import Checked, Trust, check_proof
from cautery.evidence.outside.proof_file import (
    MAX_PROOF_BYTES,
    PROOF,
    ProofFile,
    parse_proof_file,
)
from cautery.evidence.outside.revocation import MAX_CRL_BYTES
from cautery.evidence.ports import CaseLedger, CaseStore
from cautery.model.evidence import ExhibitId, digest_of
from cautery.model.records import OutsideProof, kinds_of
from cautery.workflows.case.outside import require_cosigned, times_proven
from cautery.workflows.case.renewing import renewals_proven
from cautery.workflows.case.times_proven import TimesProven
from cautery.workflows.case.whole_log import WholeLog


class Outside:
    """Checks what others say of the times of a closed case."""

    def __init__(
        self,
        path: Path,
        store: CaseStore,
        verifier: NoteVerifier,
        manifest: Manifest,
        trust: Trust,
    ) -> None:
        self._path = path
        self._store = store
        self._verifier = verifier
        self._manifest = manifest
        self._trust = trust
        self.remarks: tuple[str, ...] = ()
        """What else was compared: renewals, and the log's own leaves."""

    def times(
        self,
        ledger: CaseLedger,
        roots: dict[int, bytes],
        *,
        now: datetime | None,
        whole: WholeLog | None,
    ) -> TimesProven:
        """Check the proofs in the records and that of the closing.

        Raises
        ------
        EvidenceError
            With a policy, if enough co-signers have not seen the closed case.
        """
        file, fault = None, None
        try:
            closing = self._closing()
            if closing is not None:
                file, checked = closing
                before = [stamp for _, stamp in checked.stamps]
                self.remarks = renewals_proven(file, self._trust, before=before, now=now)
        except EvidenceError as error:
            if self._trust.policy is not None:
                raise EvidenceError(f"{self._path / PROOF}: {error}") from error
            file, fault = None, f"{PROOF}: {error}; it is ignored"
        if self._trust.policy is not None and file is None:
            raise EvidenceError(
                f"{self._path / PROOF}: missing: no co-signer has seen this case closed",
                hint="Its owner can still ask for it: cautery log prove CASE --log LOG.",
            )
        roots = roots | {self._manifest.records: self._manifest.root}
        if whole is not None:
            if file is None:
                raise EvidenceError(f"{self._path / PROOF}: missing: no log has this case closed")
            checkpoint = check_proof(file.proof, case=self._verifier, trust=self._trust)
            compared = whole.require(checkpoint.cosigned.checkpoint, roots)
            self.remarks = (*self.remarks, compared)
        proven = times_proven(
            ledger.read(kinds=kinds_of(OutsideProof)),
            case=self._verifier,
            trust=self._trust,
            read=self._exhibit,
            roots=roots,
            closing=None if file is None else file.proof,
        )
        return proven if fault is None else replace(proven, faults=(*proven.faults, fault))

    def _closing(self) -> tuple[ProofFile, Checked] | None:
        if not self._store.exists(self._path, PROOF):
            return None
        file = parse_proof_file(self._store.read(self._path, PROOF, limit=MAX_PROOF_BYTES))
        checked = check_proof(file.proof, case=self._verifier, trust=self._trust)
        if checked.covered.manifest != self._manifest:
            raise EvidenceError("it proves another closing than that of this case")
        if self._trust.policy is not None:
            require_cosigned(checked, self._trust.policy)
        return file, checked

    def _exhibit(self, exhibit: ExhibitId) -> bytes:
        digest = exhibit.removeprefix("sha256:")
        name = f"{VAULT}/{digest[:2]}/{digest}"
        content = self._store.read(self._path, name, limit=MAX_CRL_BYTES)
        if str(digest_of(content)) != str(exhibit):
            raise EvidenceError(f"{self._path / name}: not the bytes that its name says")
        return content
