"""What a probe found in sound and pictures, and the claim that follows from it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from cautery.errors import InputError
from cautery.model.evidence import ExhibitId
from cautery.model.message import Message
from cautery.model.picture_part import Part
from cautery.model.sighting import RedactedUrl
from cautery.model.times import require_utc


class Finding(StrEnum):
    """How a stream stands after its probes."""

    PROVEN = "proven"
    """An unlicensed re-broadcast of what the mandate covers."""
    LICENSED = "licensed"
    """The same content, on a partner's host that may carry it."""
    UNDECIDED = "undecided"
    """Some evidence speaks for a re-broadcast, but not enough for a claim."""
    NOTHING = "nothing"
    """A probe saw it, and it shows nothing that the mandate covers."""
    UNREACHABLE = "unreachable"
    """A probe got no media; the reasons say why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """One independent line of evidence for one reference.

    Parameters
    ----------
    kind : str
        ``sound``, ``picture`` or ``graphics``.
    reference : str
        Id of the channel or work, or ``event:ID`` for an event's clean feed.
    score : float
        Score in the unit of the kind: votes of sound, correlation of pictures.
    runner_up : float
        Best score of a reference that does not carry the same content.
    delay_s : float
        Delay of the suspect behind the reference, seconds; negative when the suspect is faster.
    speed : float
        The suspect's speed over the reference's; 1.0 when it is unchanged.
    coverage : float
        Share of the probe that the match spans, 0 to 1.
    probe_s : float
        Length of the media that were compared, seconds.
    log10_lr : float
        Base-10 logarithm of the likelihood ratio that this witness alone gives.
    methods : tuple of str
        Which of ``landmark``, ``bit-error`` and ``video`` it rests on.
    repeats_s : tuple of float
        Further delays that fit equally well because the reference repeats itself, seconds.
    shared : tuple of str
        References that carry the same for no longer than an advert lasts; such seconds count in
        ``score``, but not in ``coverage`` and ``log10_lr``.
    part : tuple of float or None
        Of the probe's picture, that shows the reference: (top, left, height, width), shares of
        the whole. ``None``: all of it, or no picture.
    """

    kind: str
    reference: str
    score: float
    runner_up: float
    delay_s: float
    speed: float
    coverage: float
    probe_s: float
    log10_lr: float
    methods: tuple[str, ...] = ()
    repeats_s: tuple[float, ...] = ()
    shared: tuple[str, ...] = ()
    part: Part | None = None


AT_ONE_PLACE_S = 0.25
"""Within which sound and pictures of one reference lie at one place: what probes must agree to."""


def at_one_place(witnesses: Iterable[Witness]) -> bool:
    """Tell whether sound and pictures speak for one reference at one place."""
    delays: dict[tuple[str, str], list[float]] = {}
    for witness in witnesses:
        if witness.log10_lr > 0:
            name = witness.kind, witness.reference
            delays.setdefault(name, []).extend((witness.delay_s, *witness.repeats_s))
    for (kind, reference), seen_s in delays.items():
        heard_s = sorted(delays.get(("sound", reference), ()))
        if kind != "picture" or not heard_s:
            continue
        for delay_s in seen_s:
            after = bisect_left(heard_s, delay_s - AT_ONE_PLACE_S)
            if after < len(heard_s) and heard_s[after] <= delay_s + AT_ONE_PLACE_S:
                return True
    return False


class NoMatch(StrEnum):
    """Why a sense names nothing. ``NONE`` alone is an opinion: there was something to compare."""

    NONE = "none"
    NO_SOUND = "no-sound"
    SHORT_SOUND = "short-sound"
    SILENT = "silent"
    SHAPELESS = "shapeless"
    TONE = "tone"
    NO_PICTURES = "no-pictures"
    FEW_PICTURES = "few-pictures"
    STILL = "still"
    TOO_STILL = "too-still"
    NO_REFERENCE = "no-reference"
    NOT_YET_HEARD = "not-yet-heard"
    """A stream that goes on would lie where its reference was not heard so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What one probe of one stream gave: its witnesses, strongest first.

    Parameters
    ----------
    at : datetime
        When the probe was made, in UTC.
    witnesses : tuple of Witness
        The witnesses, strongest first.
    exhibits : tuple of ExhibitId
        The sealed captures that it rests on.
    media_start_s : float
        First media time of the probe, epoch seconds.
    media_end_s : float
        Last media time of the probe, epoch seconds.
    unmatched : mapping
        Why ``sound`` or ``pictures`` name nothing. Records of version 0.1.0 do not have it; they
        have ``reason`` alone.
    reason : Message or None
        The same reason as a sentence; ``None``: both name a reference.
    served : str or None
        Where the first of the media lay, redacted; ``None``: at the stream's own host, at several
        hosts, or not recorded.
    """

    at: datetime
    witnesses: tuple[Witness, ...] = ()
    exhibits: tuple[ExhibitId, ...] = ()
    media_start_s: float = 0.0
    media_end_s: float = 0.0
    unmatched: Mapping[str, NoMatch] = field(default_factory=dict)
    reason: Message | None = None
    served: str | None = None

    def __post_init__(self) -> None:
        require_utc("at", self.at)

    @property
    def has_opinion(self) -> bool:
        """Tell whether a sense could say anything; of silence and black nobody can.

        Nor can anybody where the reference was not yet heard so far, whatever little speaks for
        another one.
        """
        if self.came_too_early:
            return False
        return bool(self.witnesses) or NoMatch.NONE in self.unmatched.values()

    @property
    def came_too_early(self) -> bool:
        """Tell whether nothing speaks for a match because a reference was not heard so far."""
        return NoMatch.NOT_YET_HEARD in self.unmatched.values()


VERBAL_SCALE: tuple[tuple[float, str], ...] = (
    (0.0, "no support"),
    (0.3, "weak support"),
    (1.0, "moderate support"),
    (2.0, "moderately strong support"),
    (3.0, "strong support"),
    (4.0, "very strong support"),
    (6.0, "extremely strong support"),
)
"""Lower bounds of log10 LR; ENFSI guideline for evaluative reporting (2015), table of verbal
equivalents: 2-10 weak, 10-100 moderate, 100-1000 moderately strong, ... 10^6 extremely strong."""


def verbal(log10_lr: float) -> str:
    """Return the ENFSI wording for a likelihood ratio."""
    words = "no support"
    for bound, wording in VERBAL_SCALE:
        if log10_lr >= bound:
            words = wording
    return words


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentAtOnce:
    """A further content that a stream carries at the same time, such as in a part of the picture.

    It has its own evidence, and adds nothing to what the verdict claims.

    Parameters
    ----------
    kind : str
        Which sense names it: ``picture``, or ``sound`` where it is only heard.
    reference : str
        Id of the channel or work, or ``event:ID`` for an event's clean feed.
    event : str or None
        Id of the event that the reference is of; ``None``: it is of none.
    delay_s : float
        Delay behind that reference at the newest probe, seconds.
    log10_lr : float
        Base-10 logarithm of the likelihood ratio of *same content* against *other content*.
    speed : float
        The stream's speed over the reference's; 1.0 when it is unchanged.
    probes : int
        Probes that agree on the reference and the delay.
    part : tuple of float or None
        Of the picture, that shows it: (top, left, height, width), shares of the whole. ``None``:
        all of it, or no picture.
    """

    kind: str
    reference: str
    event: str | None
    delay_s: float
    log10_lr: float
    speed: float = 1.0
    probes: int = 1
    part: Part | None = None

    @property
    def content(self) -> str:
        """Id of the event, or else of the channel or work."""
        return self.event or self.reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A claim about one stream, with its likelihood ratio and its evidence.

    Parameters
    ----------
    url : RedactedUrl
        The stream, redacted.
    finding : Finding
        How the stream stands.
    at : datetime
        When the verdict was reached, in UTC.
    channels : tuple of str
        Ids of the licensees' channels (or works) that the stream may carry: more than one when
        their sound and pictures cannot be told apart, none when the licensee is unknown.
    event : str or None
        Id of the event; ``None``: the channels show no event.
    licensee : str or None
        Id of the one channel whose own sound or graphics were recognised; ``None``: unknown.
    territory : str or None
        That licensee's territory; ``None``: unknown.
    delay_s : float or None
        Delay behind the reference, seconds; ``None``: nothing matched.
    speed : float
        The stream's speed over the reference's; 1.0 when it is unchanged.
    log10_lr : float
        Base-10 logarithm of the likelihood ratio of *same content* against *other content*.
    most_log10_lr : float or None
        The most that ``log10_lr`` may be, by the trials of the senses that it rests on; ``None``:
        nothing matches, or a version before this bound added sound and pictures up.
    probability : float or None
        Posterior probability at ``base_rate``, for triage only, never for a court; ``None``: not
        stated.
    base_rate : float or None
        Prior probability that ``probability`` rests on; ``None``: not stated.
    partner : str or None
        The licensed partner on whose host the stream runs; ``None``: not a partner's host.
    part : tuple of float or None
        Of the picture, that shows the content at the newest probe: (top, left, height, width),
        shares of the whole. ``None``: all of it, or no picture.
    at_once : tuple of ContentAtOnce
        What else of the mandate the newest probe carries: in other parts of the picture, or by the
        sense that the claim does not rest on.
    observations : tuple of Observation
        The observations that it rests on, oldest first.
    reasons : tuple of Message
        The reasons, strongest first.
    recipe : str
        Name of the fingerprint recipe that compared them.
    """

    url: RedactedUrl
    finding: Finding
    at: datetime
    channels: tuple[str, ...] = ()
    event: str | None = None
    licensee: str | None = None
    territory: str | None = None
    delay_s: float | None = None
    speed: float = 1.0
    log10_lr: float = 0.0
    most_log10_lr: float | None = None
    probability: float | None = None
    base_rate: float | None = None
    partner: str | None = None
    part: Part | None = None
    at_once: tuple[ContentAtOnce, ...] = ()
    observations: tuple[Observation, ...] = field(default=())
    reasons: tuple[Message, ...] = ()
    recipe: str = ""

    def __post_init__(self) -> None:
        require_utc("at", self.at)
        if self.finding is Finding.PROVEN and not (self.channels or self.event):
            raise InputError("a proven verdict must name an event or a channel")

    @property
    def verbal(self) -> str:
        """The likelihood ratio in words."""
        return verbal(self.log10_lr)
