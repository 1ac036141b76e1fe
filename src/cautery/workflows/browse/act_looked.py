"""An act that somebody looks at: what was read for its page, and what the page has of it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from datetime import datetime

from cautery.messages import tr
from cautery.model import Digest, Entry, ExhibitId, Mandate, Notice, Referral
from cautery.model.message import Message
from cautery.model.records import ActRefused
from cautery.pages.room.orders import Command, Noticed, Signature, Target, Version
from cautery.projections.lines import ActLine
from cautery.projections.refusals import first_of, text_signed
from cautery.workflows.browse.kept import Kept
from cautery.workflows.case.opening import Opening


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """An act that somebody looks at, with what was read for it.

    Parameters
    ----------
    entries : tuple of Entry
        What began it, and the newest records about it, rising.
    """

    kept: Kept
    line: ActLine
    opening: Opening
    mandate: Mandate
    entries: tuple[Entry, ...]
    now: datetime
    seen: int

    @property
    def draft(self) -> Entry:
        """The record that began it."""
        return self.entries[0]

    @property
    def refusal(self) -> ActRefused | None:
        """The first refusal of it that counts; ``None``: there is none."""
        draft, mandate = self.draft.content, self.opening.mandate
        subject = text_signed(draft, mandate) if isinstance(draft, Notice | Referral) else None
        if subject is None:
            return None
        contents = (entry.content for entry in self.entries)
        refusals = (content for content in contents if isinstance(content, ActRefused))
        return first_of(refusals, mandate=mandate, subject=subject)

    def refuse(self, kind: str) -> Command:
        """Return the command that refuses it."""
        options = f'--as "YOUR NAME" --why "REASON" --seen {self.seen}'
        return Command(what=tr("Refuse it"), line=self.command(kind, "refuse", more=options))

    def command(self, *words: str, more: str = "") -> str:
        """Return a command on this act, as a shell takes it."""
        line = f"{self.on_case(*words)} {shlex.quote(self.line.id)}"
        return f"{line} {more}" if more else line

    def on_case(self, *words: str) -> str:
        """Return a command on this case, as a shell takes it."""
        return shlex.join(("cautery", *words, str(self.kept.path.absolute())))


@dataclass(slots=True, kw_only=True)
class Parts:
    """What the page of an act has besides what all have."""

    facts: list[tuple[str, str]] = field(default_factory=list)
    steps: list[tuple[str, bool]] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    digest: Digest | None = None
    statement: str = ""
    targets: tuple[Target, ...] = ()
    more_targets: int = 0
    urls: tuple[Noticed, ...] = ()
    more_urls: int = 0
    findings: tuple[tuple[str, str, Message], ...] | None = ()
    signatures: tuple[Signature, ...] = ()
    versions: tuple[Version, ...] = ()
    links: list[tuple[str, str]] = field(default_factory=list)
    exhibits: tuple[ExhibitId, ...] = ()


def as_(name: str) -> str:
    """Return the option that names who acts."""
    return f"--as {shlex.quote(name)}"
