"""Both senses at once: references with both, and what a probe's two scores come to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from system import RECIPE, Film

from cautery.identify._leads import LEAST_SCORE
from cautery.identify.ladder import listen
from cautery.identify.likelihood import above, fused, support, tail, unmatched
from cautery.identify.picture import look
from cautery.identify.references.held import References
from cautery.identify.references.info import ReferenceInfo
from cautery.model.media import Decoded
from cautery.model.verdict import NoMatch, Witness, at_one_place

_NAMES = {"sound": "sound", "picture": "pictures"}


def programmes(made: Iterable[tuple[str, NDArray[np.float32], Film]]) -> References:
    """Return references that hold sound and pictures of each programme from its start on."""
    held = list(made)
    references = References(RECIPE, [ReferenceInfo(id=name, kind="work") for name, *_ in held])
    for name, sound, shown in held:
        references.add(name, _programme(sound, shown), at_s=0.0)
    return references


def _programme(sound: NDArray[np.float32], shown: Film) -> Decoded:
    return Decoded(
        audio=sound, audio_s=0.0, luma=shown.luma, luma_s=shown.times,
        duration_s=max(len(sound) / RECIPE.rate_hz, shown.seconds),
    )  # fmt: skip


def both(
    held: References, sound: NDArray[np.float32], shown: Film, *, whole: bool
) -> dict[str, Any]:
    """Ask both senses, whatever the score.

    Parameters
    ----------
    whole : bool
        Search the pictures where no sound speaks, too, and down to any score.

    Returns
    -------
    dict
        Of ``sound`` and ``pictures``, rows of reference, score, delay and speed; ``None``: not
        searched, or there is nothing to compare.
    """
    heard = _heard(held, sound, shown)
    speaks = any(score >= LEAST_SCORE for _, score, *_ in heard or ())
    pictures = None
    if whole or speaks:
        speed = heard[0][3] if heard and speaks else None
        pictures = _seen(held, sound, shown, speed, least=0.0 if whole else None)
    return {"sound": heard, "pictures": pictures, "searched": len(held.infos)}


def apart(
    heard_in: References, seen_in: References, sound: NDArray[np.float32], shown: Film
) -> dict[str, Any]:
    """Ask each sense among references of its own, as :func:`both` does; pictures down to theirs."""
    heard = _heard(heard_in, sound, shown)
    speaks = any(score >= LEAST_SCORE for _, score, *_ in heard or ())
    speed = heard[0][3] if heard and speaks else None
    pictures = _seen(seen_in, sound, shown, speed, least=None) if len(shown.times) else None
    return {"sound": heard, "pictures": pictures, "searched": len(heard_in.infos)}


def only(answer: Mapping[str, Any], kind: str) -> dict[str, Any] | None:
    """Return an answer with one sense alone, or with both; ``None``: it had no opinion."""
    wanted = {"sound": ("sound",), "picture": ("pictures",), "joint": ("sound", "pictures")}[kind]
    if any(answer[one] is None for one in wanted):
        return None
    return {name: answer[name] if name in {*wanted, "searched"} else None for name in answer}


Row = tuple[str, float, float, float]


def _heard(held: References, sound: NDArray[np.float32], shown: Film) -> list[Row] | None:
    heard = listen(_programme(sound, shown), held, media_at_s=None, least=1)
    if heard.reason is not None:
        return None
    return [
        (match.reference, match.score if match.own is None else match.own, delay_s, match.speed)
        for match in heard.matches for delay_s in (match.delay_s, *match.repeats_s)
    ]  # fmt: skip


def _seen(
    held: References,
    sound: NDArray[np.float32],
    shown: Film,
    speed: float | None,
    *,
    least: float | None,
) -> list[Row] | None:
    seen = look(_programme(sound, shown), held, media_at_s=None, speed_heard=speed, least=least)
    if seen.reason not in {None, NoMatch.NONE}:
        return None
    return [(one.reference, one.score, one.delay_s, one.speed) for one in seen.witnesses]


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """What both senses come to, by today's trials.

    Parameters
    ----------
    support : float
        Log10 LR of the best reference, both senses added up; that of *nothing matched* without any.
    log10_lr : float
        The same, no larger than the trials bear.
    together : bool
        Whether sound and pictures speak for that reference at one place.
    """

    reference: str | None
    support: float
    log10_lr: float
    together: bool
    offset_s: float | None
    sound: float
    pictures: float | None


def weighed(answer: Mapping[str, Any], seconds: float) -> Weighed:
    """Weigh what :func:`both` gave."""
    senses = {"sound": answer["sound"] or (), "picture": answer["pictures"] or ()}
    asked = [kind for kind, name in _NAMES.items() if answer[name] is not None]
    best: dict[str, float] = {}
    spoken: dict[str, list[Witness]] = {}
    for kind, rows in senses.items():
        measured = tail(kind, seconds)
        best[kind] = max((score for _, score, *_ in rows), default=0.0)
        for reference, score, delay_s, speed in rows:
            log10_lr = measured.log10_lr(
                score, searched=answer["searched"] if kind == "sound" else None
            )
            if log10_lr > 0 and score >= (measured.least if kind == "picture" else LEAST_SCORE):
                spoken.setdefault(reference, []).append(
                    Witness(
                        kind=kind, reference=reference, score=score, runner_up=0.0, coverage=1.0,
                        delay_s=delay_s, speed=speed, probe_s=seconds, log10_lr=log10_lr,
                    )
                )  # fmt: skip
    found: tuple[str | None, float, bool, Sequence[Witness]] = (
        None, unmatched(asked, seconds), False, (),
    )  # fmt: skip
    for reference, witnesses in spoken.items():
        total = support(witnesses, probes=1)
        if total > found[1] and any(map(above, witnesses)):
            found = reference, total, at_one_place(witnesses), witnesses
    reference, total, agree, witnesses = found
    lead = max(witnesses, key=lambda one: (one.kind == "sound", one.log10_lr), default=None)
    half_s = seconds / 2
    return Weighed(
        reference=reference, support=total, together=agree,
        log10_lr=fused(witnesses, probes=1) if witnesses else total,
        offset_s=None if lead is None else half_s - lead.delay_s - half_s * lead.speed,
        sound=best["sound"], pictures=None if answer["pictures"] is None else best["picture"],
    )  # fmt: skip
