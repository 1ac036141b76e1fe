"""What blind tests come to: each decoy's trial, shares with intervals, nights and seasons."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cautery.errors import InputError
from cautery.model.decoys import DecoyKind
from cautery.model.evidence import Digest
from cautery.model.times import require_utc
from cautery.model.verdict import Finding


class TrialEnd(StrEnum):
    """How the trial of one decoy ended."""

    CAUGHT = "caught"
    """An own stream was proven, and its event named right."""
    MISSED = "missed"
    """An own stream was looked at, and not proven; or its event was named wrong."""
    ACCUSED = "accused"
    """A look-alike was proven, or an approved act would have hit it."""
    CLEARED = "cleared"
    """A look-alike was looked at, and not accused."""
    NOT_LOOKED_AT = "not-looked-at"
    """No look at it came to an end: nothing is known of what the watch would have said."""
    CUT_SHORT = "cut-short"
    """It was opened before the night was over, and nothing was decided of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One decoy, and what the watch made of it before it was opened.

    Parameters
    ----------
    index : int
        Number of its leaf.
    kind : DecoyKind
        What it truly was.
    disguise : str
        Name of its disguise.
    offered_as : str
        Its title.
    url : str
        Where it was.
    delay_s : float
        How far it ran behind its media, seconds.
    outcome : TrialEnd
        How its trial ended.
    finding : Finding or None
        The newest finding before it was opened; ``None``: there was no verdict.
    detected_s : float or None
        Seconds from its appearance until it was proven; ``None``: it was not caught.
    licensee_right : bool or None
        Whether the licensee was named right, which is also nobody where it copies none; ``None``:
        it was not caught.
    is_hit : bool
        It is a look-alike, and an act that the guard allowed would have hit it.
    named_wrong : bool
        It is an own stream, and a verdict that proves it named another event.
    """

    index: int
    kind: DecoyKind
    disguise: str
    offered_as: str
    url: str
    delay_s: float
    outcome: TrialEnd
    finding: Finding | None = None
    detected_s: float | None = None
    licensee_right: bool | None = None
    is_hit: bool = False
    named_wrong: bool = False

    def __post_init__(self) -> None:
        innocent = (TrialEnd.ACCUSED, TrialEnd.CLEARED)
        guilty = (TrialEnd.CAUGHT, TrialEnd.MISSED)
        if self.outcome in (guilty if self.kind.is_look_alike else innocent):
            raise InputError(f"a decoy of the kind {self.kind} is never {self.outcome}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """So many of so many, with its exact 95 % interval (Clopper and Pearson).

    Parameters
    ----------
    part, whole : int
        How many of how many.
    low, high : float
        The two-sided interval; of none it is everything, 0 to 1.
    at_most : float
        The one-sided upper bound at 95 %.
    """

    part: int
    whole: int
    low: float
    high: float
    at_most: float

    def __post_init__(self) -> None:
        if not 0 <= self.part <= self.whole:
            raise InputError(f"{self.part} of {self.whole}: that is no share")
        if not 0 <= self.low <= self.high <= 1 or not 0 <= self.at_most <= 1:
            raise InputError(f"a share's interval lies in 0 to 1, not {self.low} to {self.high}")

    @property
    def rate(self) -> float | None:
        """The share itself; ``None``: of nothing there is none."""
        return self.part / self.whole if self.whole else None


@dataclass(frozen=True, slots=True, kw_only=True)
class BlindCounts:
    """What some trials of one night come to.

    Parameters
    ----------
    own, look_alikes : int
        How many of each were planted.
    missed : Share
        Own streams that were looked at and missed, of those that were looked at.
    missed_or_unseen : Share
        Own streams that were missed or not looked at, of all whose trial was not cut short.
    accused : Share
        Look-alikes that were accused, of those that were looked at.
    licensee_right : Share
        Licensees that were named right, of the own streams that were caught.
    hit : Share
        Look-alikes that an act that the guard allowed would have hit, of all.
    own_unseen, look_alikes_unseen : int
        How many of each nobody looked at.
    cut_short : int
        How many were opened before anything was decided of them.
    named_wrong : int
        Own streams that a proof said to show another event.
    median_s : float or None
        The median of the seconds to detection, where an own stream that was missed or not looked
        at is later than any other; ``None``: that is half of them, or there is none.
    """

    own: int
    look_alikes: int
    missed: Share
    missed_or_unseen: Share
    accused: Share
    licensee_right: Share
    hit: Share
    own_unseen: int
    look_alikes_unseen: int
    cut_short: int
    named_wrong: int
    median_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NightAccount:
    """The account of one night of blind tests.

    Parameters
    ----------
    night : str
        Id of the night.
    planner : str
        Who planned it.
    root : str
        The root that was sealed before.
    planned : int
        How many decoys the sealed plan has.
    made_at : datetime
        When the plan was made, by the planner's clock, in UTC.
    stamped_at : datetime or None
        Until when the plan was sealed at the latest, by others; ``None``: nobody else vouches.
    stamped_by : str
        Who vouches; empty: nobody.
    revealed_at : datetime or None
        When the last leaf was opened; ``None``: some are not opened.
    abandoned : str
        Why the planner ended the test early; empty: nobody did.
    counts : BlindCounts
        Of all trials.
    by_kind, by_disguise : tuple of (str, BlindCounts)
        Of each kind, and of each disguise, own streams first.
    trials : tuple of Trial
        Each decoy that is opened, by the number of its leaf.
    case : str or None
        Id of the closed case from whose records it is counted; ``None``: nobody checked one.
    manifest : Digest or None
        Digest of that case's signed manifest.
    """

    night: str
    planner: str
    root: str
    planned: int
    made_at: datetime
    stamped_at: datetime | None
    stamped_by: str
    revealed_at: datetime | None
    abandoned: str
    counts: BlindCounts
    by_kind: tuple[tuple[DecoyKind, BlindCounts], ...]
    by_disguise: tuple[tuple[str, BlindCounts], ...]
    trials: tuple[Trial, ...]
    case: str | None = None
    manifest: Digest | None = None

    def __post_init__(self) -> None:
        for what in ("made_at", "stamped_at", "revealed_at"):
            at = getattr(self, what)
            if at is not None:
                require_utc(what, at)

    @property
    def is_whole(self) -> bool:
        """Every leaf is opened, so the account is one of the whole night."""
        return self.revealed_at is not None


class Uncounted(StrEnum):
    """Why the blind test of another case is not counted."""

    BROKEN = "broken"
    """It is not closed, or not as it was signed."""
    STRANGE_KEY = "strange-key"
    """None of the keys that were given has signed it."""
    OTHER_HOLDER = "other-holder"
    """It is another organisation's."""
    LAB = "lab"
    """It is of the lab, and the others are not; or the other way round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A case whose blind test is not counted.

    Parameters
    ----------
    case : str
        As it was named.
    why : Uncounted
    fault : str
        The first thing that is wrong with it; empty: nothing is.
    """

    case: str
    why: Uncounted
    fault: str = ""


class Spread(StrEnum):
    """By which method the interval of a share over nights is made."""

    ROBUST = "robust"
    """The logit, with the variance between nights (CR2) and Student's t of one degree less."""
    SMALLER_SAMPLE = "smaller-sample"
    """Clopper and Pearson's, of the sample that is left when nights differ (Korn and Graubard)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NightsShare:
    """A share over several nights, with the interval that allows for nights that differ.

    Parameters
    ----------
    exact : Share
        As if all decoys were of one night: too narrow, if nights differ.
    nights : int
        How many nights had a trial.
    low, high : float
        The 95 % interval that allows for it; never narrower than the exact one.
    spread : Spread or None
        By which method; ``None``: one night says nothing of how nights differ, so the interval is
        the exact one.
    """

    exact: Share
    nights: int
    low: float
    high: float
    spread: Spread | None


class Drifting(StrEnum):
    """What may become worse over a season."""

    MISSED = "missed"
    ACCUSED = "accused"
    LICENSEE_WRONG = "licensee-wrong"
    SLOWER = "slower"


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """A warning that something becomes worse.

    Parameters
    ----------
    what : Drifting
        What becomes worse.
    since : int
        The number of the night, from 0, from which on it is most likely worse.
    warned_at : int
        The number of the night, from 0, after which the warning was given.
    """

    what: Drifting
    since: int
    warned_at: int

    def __post_init__(self) -> None:
        if not 0 <= self.since <= self.warned_at:
            raise InputError("a warning comes after that of which it warns")


@dataclass(frozen=True, slots=True, kw_only=True)
class SeasonAccount:
    """The account of several nights.

    Parameters
    ----------
    nights : tuple of NightAccount
        Those that count, in the order in which they were planned.
    left_out : tuple of NightAccount
        Those that do not: not all decoys are opened, or the planner ended the test early.
    missed, missed_or_unseen, accused, licensee_right, hit : NightsShare
        As in :class:`BlindCounts`, over all nights.
    by_kind, by_disguise : tuple of (str, NightsShare, NightsShare)
        The missed and the accused, of each kind and of each disguise.
    median_s : float or None
        The median of the seconds to detection over all nights; as in :class:`BlindCounts`.
    warnings : tuple of Warned
        What becomes worse.
    nights_a_false_alarm : int
        How many nights pass on average, at least, before one of the figures gives a false warning.
    """

    nights: tuple[NightAccount, ...]
    left_out: tuple[NightAccount, ...]
    missed: NightsShare
    missed_or_unseen: NightsShare
    accused: NightsShare
    licensee_right: NightsShare
    hit: NightsShare
    by_kind: tuple[tuple[DecoyKind, NightsShare, NightsShare], ...]
    by_disguise: tuple[tuple[str, NightsShare, NightsShare], ...]
    median_s: float | None
    warnings: tuple[Warned, ...]
    nights_a_false_alarm: int
