"""The acts of a plan one after another: what each cuts, and what is left after it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cautery.model import ActionPlan, Intervention, Lever


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanStep:
    """One act of a plan, and what it does after those before it.

    Parameters
    ----------
    act : Intervention
        The act.
    cuts : tuple of str
        Streams that are dark with it and were not before it.
    left : int
        How many streams are served after it.
    """

    act: Intervention
    cuts: tuple[str, ...]
    left: int


def steps_of(plan: ActionPlan) -> tuple[PlanStep, ...]:
    """Put the acts of a plan in an order in which much goes dark early.

    A name or a URL cuts its streams at once; a stream that is cut by addresses is dark when the
    last of them is. So names and URLs come first, those of most streams first; then addresses,
    stream by stream, those of the stream that needs fewest first.

    Returns
    -------
    tuple of PlanStep
        All acts of the plan. It costs n log n in the acts and their streams.
    """
    stands = set(plan.uncovered)
    at_once = [act for act in plan.chosen if act.lever is not Lever.ADDRESS]
    together = [act for act in plan.chosen if act.lever is Lever.ADDRESS]
    left, steps = plan.served_before, []
    urls_gone = set(stands)
    for act in sorted(at_once, key=lambda act: -len(set(act.streams) - stands)):
        cuts = tuple(sorted(set(act.streams) - urls_gone))
        urls_gone.update(cuts)
        left -= len(cuts)
        steps.append(PlanStep(act=act, cuts=cuts, left=left))
    lacks = Counter(url for act in together for url in set(act.streams) - urls_gone)
    for act in _soonest_first(together, dict(lacks)):
        needing = set(act.streams) & lacks.keys()
        cuts = tuple(sorted(url for url in needing if lacks[url] == 1))
        lacks.subtract(needing)
        left -= len(cuts)
        steps.append(PlanStep(act=act, cuts=cuts, left=left))
    return tuple(steps)


def _soonest_first(
    acts: Sequence[Intervention], needs: Mapping[str, int]
) -> Iterator[Intervention]:
    of_stream: defaultdict[str, list[int]] = defaultdict(list)
    for number, act in enumerate(acts):
        for url in set(act.streams) & needs.keys():
            of_stream[url].append(number)
    soonest = sorted(of_stream, key=lambda url: (needs[url], url))
    order = dict.fromkeys(number for url in soonest for number in of_stream[url])
    for number in order | dict.fromkeys(range(len(acts))):
        yield acts[number]
