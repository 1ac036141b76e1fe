"""The content of the page of a case's blind test."""

from __future__ import annotations

from dataclasses import dataclass

from cautery.model.blind import NightAccount
from cautery.pages.room.view import CaseHead


@dataclass(frozen=True, slots=True, kw_only=True)
class BlindView:
    """What the decoys of a case come to; ``None``: it has no sealed plan."""

    head: CaseHead
    night: NightAccount | None
