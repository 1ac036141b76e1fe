"""What would change a verdict: the facts that it hangs on, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from cautery.drawing.formatting import both, number
from cautery.identify.decide import LEAST_LOG10_LR
from cautery.messages import say, tr, tr_n
from cautery.model import Finding, Mandate, Verdict
from cautery.projections import StreamState


def changes_of(stream: StreamState, mandate: Mandate) -> tuple[str, ...]:
    """Return what would change what is said of a stream now, what is nearest first."""
    verdict = stream.verdict
    if verdict is None:
        return (tr("A look: no probe of this stream has come to an end."),)
    return tuple(_BY_FINDING[verdict.finding](stream, verdict, mandate))


def _proven(stream: StreamState, verdict: Verdict, mandate: Mandate) -> Iterator[str]:
    host = stream.host or verdict.url.host
    partners = [partner.name for partner in mandate.partners]
    yield (
        tr(
            "A licence for the host %(host)s that the mandate does not name. It names "
            "%(partners)s.",
            host=host,
            partners=both(partners),
        )
        if partners
        else tr("A licence for the host %(host)s: the mandate names no partner.", host=host)
    )
    looks = sum(observation.has_opinion for observation in verdict.observations)
    yield tr_n(
        "A further look that finds something else: the verdict rests on %(count)s look.",
        "Further looks that find something else: the verdict rests on %(count)s looks.",
        looks,
    )
    if verdict.most_log10_lr is not None and verdict.log10_lr >= verdict.most_log10_lr - 0.05:
        yield tr(
            "More trials of the method: the odds are as high as its trials allow, 10^%(most)s, and "
            "no higher.",
            most=number(verdict.most_log10_lr, 2),
        )
    shared = sorted(
        {
            name
            for observation in verdict.observations
            for witness in observation.witnesses
            for name in witness.shared
        }
    )
    if shared:
        yield tr(
            "Seconds that other references carry as well, such as adverts. They do not count here: "
            "%(shared)s.",
            shared=both(shared[:4]),
        )
    if verdict.delay_s is not None and verdict.delay_s < 0:
        yield tr("A reference that is later than it should be: the stream runs ahead of it.")
    if stream.open_redirect:
        yield tr(
            "Whose stream it is: its own host only sends whoever asks on to the place that the "
            "address names."
        )
    if verdict.licensee is None and len(verdict.channels) > 1:
        yield tr(
            "Nothing that is claimed: which licensee's feed it took is open, and no one is named."
        )


def _licensed(stream: StreamState, verdict: Verdict, mandate: Mandate) -> Iterator[str]:
    del mandate
    yield tr(
        "The end of the licence of %(partner)s, or another host: it is licensed by its host "
        "%(host)s alone.",
        partner=verdict.partner or tr("the partner"),
        host=stream.host or verdict.url.host,
    )


def _undecided(stream: StreamState, verdict: Verdict, mandate: Mandate) -> Iterator[str]:
    del stream, mandate
    yield tr(
        "Odds of 10^%(least)s: this many it takes to claim a match, and there are 10^%(odds)s.",
        least=number(LEAST_LOG10_LR, 2),
        odds=number(verdict.log10_lr, 2),
    )
    for observation in verdict.observations[-1:]:
        if observation.reason is not None:
            yield tr(
                "Another moment of the stream: the last look says “%(reason)s”.",
                reason=say(observation.reason),
            )


def _nothing(stream: StreamState, verdict: Verdict, mandate: Mandate) -> Iterator[str]:
    del verdict, mandate
    yield tr_n(
        "Another programme on it: %(count)s look saw it, and a channel changes what it shows.",
        "Another programme on it: %(count)s looks saw it, and a channel changes what it shows.",
        stream.probes,
    )


def _unreachable(stream: StreamState, verdict: Verdict, mandate: Mandate) -> Iterator[str]:
    del verdict, mandate
    failures = [say(failure) for failure in stream.failures]
    yield (
        tr("A look that gets media: the last one says “%(reason)s”.", reason=failures[-1])
        if failures
        else tr("A look that gets media.")
    )


_BY_FINDING = {
    Finding.PROVEN: _proven,
    Finding.LICENSED: _licensed,
    Finding.UNDECIDED: _undecided,
    Finding.NOTHING: _nothing,
    Finding.UNREACHABLE: _unreachable,
}
