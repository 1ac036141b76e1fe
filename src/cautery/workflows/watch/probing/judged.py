"""A look is judged with those before it: which window decided, and what is shown of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from cautery.identify.decide import decide
from cautery.messages import message
from cautery.model import Finding, Mandate, RedactedUrl, Verdict, host_of
from cautery.workflows.watch.probing.looks import best
from cautery.workflows.watch.probing.questions import Look, LookWindow, Shown
from cautery.workflows.watch.probing.serving import partner_leading
from cautery.workflows.watch.streams import Stream

KEPT_OBSERVATIONS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A look, the number of the window that decided, and the verdict then."""

    look: Look
    until: int
    verdict: Verdict

    @property
    def window(self) -> LookWindow:
        """The window that decided."""
        return self.look.windows[self.until]


def judge(
    stream: Stream,
    look: Look,
    *,
    url: RedactedUrl,
    mandate: Mandate,
    recipe: str,
    now: Callable[[], datetime],
) -> Judged:
    """Judge after each window, as of a live stream; what was borne out by then is enough.

    The stream keeps what was observed.

    Parameters
    ----------
    url : RedactedUrl
        The stream's.
    recipe : str
        Name of the fingerprint recipe that compared.
    """
    fetched = look.fetched
    too_early = all(window.observation.came_too_early for window in look.windows)
    if not fetched.live and not too_early:
        stream.observations.clear()  # the same media again
    until = len(look.windows) - 1
    for number, window in enumerate(look.windows):
        stream.observations.append(window.observation)
        del stream.observations[:-KEPT_OBSERVATIONS]
        verdict = decide(
            url,
            tuple(stream.observations),
            mandate=mandate,
            host=host_of(fetched.hops[-1]) or stream.host,
            at=now(),
            recipe=recipe,
        )
        if verdict.finding in (Finding.PROVEN, Finding.LICENSED):
            until = number
            break
    partner = partner_leading(fetched, mandate)
    stream.left_open = verdict.finding is Finding.PROVEN and partner is not None
    if partner is not None and stream.left_open:
        why = message("verdict.partner-leads", partner=partner.name, host=host_of(fetched.hops[-1]))
        verdict = replace(
            verdict,
            finding=Finding.UNDECIDED,
            partner=partner.name,
            reasons=(why, *verdict.reasons),
        )
    return Judged(look=look, until=until, verdict=verdict)


def to_show(stream: Stream, window: LookWindow, verdict: Verdict) -> Shown | None:
    """Return what a reader is to see of a match, unless it is shown already."""
    witness = best(window.observation)
    proven = verdict.finding is Finding.PROVEN
    if witness is None or not proven or not verdict.observations or stream.aligned:
        return None
    # The licensee's own pictures if it is known, else those of the reference that matched.
    return Shown(witness=witness, pictures_of=verdict.licensee or witness.reference)
