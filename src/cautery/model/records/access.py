"""Records of the room's access log: who did what with whose data, and who came and went."""

from __future__ import annotations

from dataclasses import dataclass

from cautery.model.room import Act, LogPurpose


@dataclass(frozen=True, slots=True, kw_only=True)
class DataUsed:
    """Somebody used the data of a case, as Directive (EU) 2016/680, article 25, has it logged.

    It is written before the data are shown, so what could not be shown then is in the log as well.

    Parameters
    ----------
    act : Act
        What was done.
    by : str
        Id of the account, or ``token-`` and the id of a program's token.
    case : str
        Name of the case in the room.
    page : str
        The address's pattern, such as ``/cases/{id}/records/{index}``.
    numbers : tuple of (str, str)
        What stood in the places of the pattern and of the query, such as the record's number; words
        that were searched for are left out.
    why : str
        What was written when the account was given the case; the name of the token.
    to : str
        Who was given the data, if anybody outside; empty: nobody.
    """

    act: Act
    by: str
    case: str
    page: str
    numbers: tuple[tuple[str, str], ...] = ()
    why: str = ""
    to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRead:
    """Somebody read the access log itself.

    Parameters
    ----------
    by : str
        Id of the account, or the machine's user who read it at the command line.
    purpose : LogPurpose
        One of those that article 25(2) allows.
    why : str
        In the reader's own words.
    """

    by: str
    purpose: LogPurpose
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChanged:
    """An account of the room came, changed or went.

    Parameters
    ----------
    account : str
        Its id; the name is not in the log, so it can be erased.
    by : str
        Id of the account that did it, the machine's user at the command line, or
        ``identity-provider``, where the room takes roles from it.
    what : str
        ``made``, ``given``, ``invited``, ``password``, ``passkey``, ``passkey-removed``,
        ``identity`` (a subject of an identity provider was bound to it), ``identity-removed``,
        ``moved`` (into the organisation's database, or back) or ``erased``.
    roles : tuple of str
        What it has from now on; empty for what does not change them.
    cases : tuple of str or None
        The cases that it may see; ``None``: all, or they did not change.
    why : str
        For what; it also justifies each later look at these cases.
    """

    account: str
    by: str
    what: str
    roles: tuple[str, ...] = ()
    cases: tuple[str, ...] | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorUsed:
    """Somebody came, went, or was kept out.

    Parameters
    ----------
    account : str
        Its id; empty: there is none of the name that was given.
    what : str
        ``in``, ``out``, ``out-everywhere``, ``elsewhere`` (a session was used from another browser
        or network, and ended), or ``refused``.
    by : str
        How: ``password``, ``word`` (a one-time word), ``passkey`` or ``identity`` (an identity
        provider); empty where it says nothing.
    count : int
        How often, if it stands for several.
    """

    account: str
    what: str
    by: str = ""
    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class LogBegunAnew:
    """The accounts of the room come from a backup, and this log begins there.

    The log until then lies beside it, as the backup had it. What followed in that log is lost.

    Parameters
    ----------
    by : str
        The machine's user at the command line.
    backup : str
        Name of the backup.
    log : str
        Verifier key of the log until then.
    size : int
        How many records of it the backup has under a signed root.
    root : str
        That root, hex.
    why : str
        In that person's own words.
    """

    by: str
    backup: str
    log: str
    size: int
    root: str
    why: str


KINDS = {
    "access.data": DataUsed,
    "access.log": LogRead,
    "access.account": AccountChanged,
    "access.door": DoorUsed,
    "access.begun-anew": LogBegunAnew,
}
