"""What the public pages show."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Who runs the face.

    Parameters
    ----------
    name : str
        Name of the desk.
    contact : str
        Its mail address.
    url : str
        Where its public pages are, without a final slash.
    lab : bool
        Whether everything shown is invented.
    """

    name: str
    contact: str
    url: str
    lab: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A block, as a person reads of it.

    Parameters
    ----------
    target : str
        The name or address.
    order, authority, territory, who : str
        The order, who gave it, where it holds, and who asked for the block.
    until : str
        When it ends at the latest.
    """

    target: str
    order: str
    authority: str
    territory: str
    who: str
    until: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Where a complaint stands.

    Parameters
    ----------
    number : str
        The complaint's number.
    state : str
        ``received``, ``filed``, ``no-entry``, ``granted`` or ``rejected``.
    target : str
        What it is about; empty: not known yet.
    due : str
        Until when it is decided; empty: not known yet.
    due_confirmed : bool
        Whether somebody has confirmed the rules behind that time with a source.
    why : str
        The reason of a decision; empty: there is none.
    """

    number: str
    state: str
    target: str = ""
    due: str = ""
    due_confirmed: bool = True
    why: str = ""
