"""What the newest backup has, the next must have too, unless a person lets go of it.

A disk that is not mounted, a folder that somebody emptied, a case whose files somebody renamed:
nothing fails to be copied then, and night by night the last good backup would be pushed out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from cautery.errors import CauteryError, EvidenceError, InputError
from cautery.evidence.backup import PEOPLE, list_of
from cautery.evidence.case_key import case_verifier
from cautery.evidence.manifest import NOTE, VAULT
from cautery.evidence.ports import CasePlace
from cautery.model.ledger import contents
from cautery.model.ports import Ledger
from cautery.model.records import BackupMade
from cautery.workflows.backup.check import Listed, present
from cautery.workflows.backup.ports import Backups, CaseCopy

PEOPLE_LACK = f"{PEOPLE}/"
"""Stands for the people of the room where cases are named; no path of a case ends so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What the newest backup has whose list is the one in the log, or lacks already.

    Parameters
    ----------
    name : str
        Of that backup; empty: there is none.
    cases : frozenset of str
        Paths of cases, and :data:`PEOPLE_LACK` for the people.
    """

    name: str = ""
    cases: frozenset[str] = frozenset()

    def gone(
        self, standing: Collection[str], let_go: Collection[str], *, has_people: bool
    ) -> dict[str, str]:
        """Return what does not stand any more, each with a sentence.

        Parameters
        ----------
        standing : collection of str
            Cases that lie there, and what may be one.

        Raises
        ------
        InputError
            If a person lets go of something that the backup does not have.
        EvidenceError
            If no case stands any more.
        """
        for case in let_go:
            if case not in self.cases and case not in standing:
                raise InputError(f"{case}: the newest backup does not have this case")
        gone = sorted(self.cases - set(standing) - set(let_go) - {PEOPLE_LACK})
        if gone and not standing:
            raise EvidenceError(
                f"no case lies there any more, and the backup {self.name} has {gone[0]}",
                hint="Is the disk mounted? What went on purpose you name: --let-go CASE",
            )
        if PEOPLE_LACK in self.cases - set(let_go) and not has_people:
            gone.append(PEOPLE_LACK)
        return {
            case: f"the backup {self.name} has or lacked it, and it does not lie there any more; "
            f"if it went on purpose: --let-go {case}"
            for case in gone
        }


class Earlier:
    """The backups that lie there, by their signed lists; one whose list was changed says nothing.

    Parameters
    ----------
    log : Ledger
        The log of backups, all of it signed.
    """

    def __init__(self, log: Ledger, backups: Backups) -> None:
        self._backups = backups
        logged = (made for _, made in contents(log, BackupMade))
        self._standing = dict(reversed(present(logged, backups.names()).items()))
        self._listed: dict[str, Mapping[str, str] | None] = {}
        self.changed: list[str] = []
        """Those whose lists are not the ones in the log, as far as they were looked at."""

    def newest(self) -> Before:
        """Return what the newest one has, or lacks already."""
        for name, made in self._standing.items():
            files = self._files(name)
            if files is None:  # the next one may still say what there was
                continue
            cases = {*Listed(backup=made, files=files).cases, *made.lacks}
            if any(file.startswith(PEOPLE_LACK) for file in files):
                cases.add(PEOPLE_LACK)
            return Before(name=name, cases=frozenset(cases))
        return Before()

    def copy_of(self, case: str) -> CaseCopy:
        """Return where a case is copied to, beside the newest backup that has it as it was."""
        for name in self._standing:
            files = self._files(name)
            if files is None or list_of(case) not in files:
                continue
            try:
                return self._backups.copy_of(case, name, files)
            except EvidenceError:
                self._note(name)
        return self._backups.copy_of(case)

    def require_no_less(self, copy: CasePlace, case: str) -> None:
        """Raise if a copy is of another case than the earlier ones, or of less of it.

        The newest one that can be read is the measure; newer ones are named as changed.

        Raises
        ------
        EvidenceError
            If it is.
        """
        try:
            for name in self._standing:
                files = self._files(name)
                if files is None or list_of(case) not in files:
                    continue
                try:
                    before = _State.of(self._backups.place_of(name, case))
                except CauteryError:  # its disk damaged it, or somebody did
                    self._note(name)
                    continue
                _State.of(copy).require_all_of(before)
                return
        except EvidenceError as error:
            raise EvidenceError(
                f"{error}; if that is on purpose, or cannot be helped: --let-go {case}"
            ) from error

    def _files(self, name: str) -> Mapping[str, str] | None:
        if name not in self._listed:
            try:
                self._listed[name] = self._backups.listed(name, self._standing[name].digest)
            except EvidenceError:
                self._listed[name] = None
                self._note(name)
        return self._listed[name]

    def _note(self, name: str) -> None:
        if name not in self.changed:
            self.changed.append(name)


@dataclass(frozen=True, slots=True)
class _State:
    """What must not become less: a case's key, closing, records, exhibits and custody."""

    key: str
    closed: bool
    records: int
    exhibits: frozenset[str]
    chain: bytes

    @classmethod
    def of(cls, place: CasePlace) -> _State:
        ledger = place.ledger()
        try:
            records = ledger.size()
        finally:
            ledger.close()
        files = (file.name for file in place.files())
        return cls(
            key=str(case_verifier(place.store, place.at)),
            closed=place.store.exists(place.at, NOTE),
            records=records,
            exhibits=frozenset(name for name in files if name.startswith(f"{VAULT}/")),
            chain=place.custody(),
        )

    def require_all_of(self, before: _State) -> None:
        # A line that was being written when it was copied is none.
        chain = before.chain[: before.chain.rfind(b"\n") + 1]
        if self.key != before.key:
            fault = "it is another case"
        elif before.closed and not self.closed:
            fault = "it is open, and was closed"
        elif self.records < before.records:
            fault = f"it has {self.records} records, and had {before.records}"
        elif missing := before.exhibits - self.exhibits:
            fault = f"{min(missing)} is missing, one of {len(missing)} exhibits that it had"
        elif not self.chain.startswith(chain):
            fault = "its chain of custody has less, or begins otherwise than it did"
        else:
            return
        raise EvidenceError(f"{fault} in an earlier backup")
