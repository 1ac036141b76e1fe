"""One identification as a picture: what it is, how sure, and where along the probe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cautery.drawing.figure import (
    BLUE,
    GRID,
    INK,
    OCHRE,
    QUIET,
    ROSE,
    TEAL,
    bare,
    empty_figure,
    fitted,
    in_style,
    shortened,
    wide_in,
    written,
)
from cautery.drawing.formatting import both
from cautery.identify.likelihood import tail
from cautery.identify.windows import Look
from cautery.messages import say, term, tr
from cautery.model.identification import Identification
from cautery.model.verdict import Witness

_PALE = "#f4f6f8"
_CLAIM, _DOUBT, _WAVE = TEAL, OCHRE, "#8fa3b3"
_COLOURS = (TEAL, BLUE, ROSE, OCHRE, "#5d7d3a", "#7a5fb0")
"""A reference keeps its colour through a picture; the seventh has the first one's again."""
_ENVELOPE = 1200
_HEAD_IN = 1.25
_WIDE_IN = 9.2
_LEFT_IN, _RIGHT_IN = 0.97, 0.28
"""Beside the plots; the names of references may make the left side wider, up to a third."""
_MOST_LEFT_IN = 2.6
_NAME_SIZE, _TITLE_SIZE = 8.5, 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """How well the probe fits one reference at each lag.

    Parameters
    ----------
    reference : str
    unit : str
        Of ``strength``, in words.
    lags_s : sequence of float
        Seconds from the place that was chosen.
    strength : sequence of float
    """

    reference: str
    unit: str
    lags_s: Sequence[float]
    strength: Sequence[float]


def identification_plot(
    probe: str,
    identification: Identification,
    looks: Sequence[Look],
    *,
    audio: NDArray[np.float32],
    rate_hz: int,
    alignment: Alignment | None,
    searched: int | None = None,
    format: str = "svg",
) -> bytes:
    """Draw one probe.

    Parameters
    ----------
    probe : str
        Its name.
    looks : sequence of Look
        Whose windows give the score along the probe.
    audio : ndarray, shape (samples,), float32
        Of its beginning, for the wave form.
    alignment : Alignment or None
        ``None``: nothing matched.
    searched : int or None
        References that the probe was compared with, for the threshold that is drawn; ``None``: no
        more than were measured.
    format : str
        ``svg`` or ``png``.

    Returns
    -------
    bytes
        The same for the same input.
    """
    names = _names(identification, looks)
    rows = [0.75, 1.25, 0.12 + 0.3 * max(1, len(names))] + ([1.9] if alignment else [])
    gaps = [0.16, 0.16, 0.72, 0.62][: len(rows)]
    total = _HEAD_IN + sum(rows) + sum(gaps)
    with in_style():
        figure = empty_figure(_WIDE_IN, total)
        _head(figure, probe, identification, total)
        labels = [fitted(name, _MOST_LEFT_IN, _NAME_SIZE) for name in names] or [tr("nothing")]
        left_in = max(_LEFT_IN, *(wide_in(label, _NAME_SIZE) + 0.2 for label in labels))
        wide = (_WIDE_IN - left_in - _RIGHT_IN) / _WIDE_IN
        top = total - _HEAD_IN
        boxes = []
        for height, gap in zip(rows, gaps, strict=True):
            boxes.append((left_in / _WIDE_IN, (top - height) / total, wide, height / total))
            top -= height + gap
        along_s = max(identification.probe_s, len(audio) / rate_hz, 0.1)
        _wave(figure.add_axes(boxes[0]), audio, rate_hz, along_s)
        _scores(figure.add_axes(boxes[1]), looks, names, along_s, searched)
        _timeline(figure.add_axes(boxes[2]), identification, names, labels, along_s)
        if alignment is not None:
            colour = names.get(alignment.reference, _CLAIM)
            _lags(figure.add_axes(boxes[3]), alignment, colour)
        return written(figure, format)


def _names(identification: Identification, looks: Sequence[Look]) -> dict[str, str]:
    """Return a colour for each reference that the picture shows, in order of the probe."""
    references = [name for stretch in identification.stretches for name in stretch.references[:1]]
    if not references:
        references = [
            window.observation.witnesses[0].reference
            for look in looks
            for window in look.windows
            if window.observation.witnesses
        ]
    distinct = list(dict.fromkeys(references))[:12]
    return {name: _COLOURS[at % len(_COLOURS)] for at, name in enumerate(distinct)}


def _head(figure: Any, probe: str, identification: Identification, total: float) -> None:
    claimed = bool(identification.channels or identification.event)
    mark = ""
    if claimed:
        mark = tr("confirmed") if identification.confirmed else tr("not confirmed")
    all_in = 0.94 * _WIDE_IN
    most_in = all_in - (wide_in(mark, 9.5) + 0.4 if mark else 0.0)
    if claimed:
        names = [
            *identification.channels,
            *([identification.event] if identification.event else []),
        ]
        each_in = (most_in - 0.3) / len(names) - 0.15
        if wide_in(", ".join(names), _TITLE_SIZE, "bold") > most_in - 0.3:
            names = [fitted(name, max(each_in, 1.0), _TITLE_SIZE, "bold") for name in names]
        title = ", ".join(names[: len(identification.channels)]) or names[-1]
        if identification.channels and identification.event:
            title += f"   ({names[-1]})"
    elif identification.quoted:
        title = tr("quotes %(references)s", references=", ".join(identification.quoted))
    elif identification.probability is None:
        title = tr("could not be judged")
    else:
        title = tr("none of the references")
    colour = _CLAIM if claimed else _DOUBT if identification.quoted else QUIET
    figure.text(
        0.03, 1 - 0.36 / total, fitted(title, most_in, _TITLE_SIZE, "bold"),
        size=_TITLE_SIZE, weight="bold", color=colour, va="center",
    )  # fmt: skip
    if claimed:
        box = {
            "boxstyle": "round,pad=0.35",
            "fc": colour if identification.confirmed else "white",
            "ec": colour,
            "lw": 1.1,
        }
        figure.text(
            0.97, 1 - 0.36 / total, mark, size=9.5, ha="right", va="center", bbox=box,
            color="white" if identification.confirmed else colour,
        )  # fmt: skip
    figure.text(0.03, 1 - 0.68 / total, fitted(probe, all_in, 9.5), size=9.5, va="center")
    facts = []
    if claimed and identification.offset_s is not None:
        offset = clock(identification.offset_s)
        facts.append(tr("begins at %(offset)s of the reference", offset=offset))
    if identification.delay_s is not None:
        facts.append(tr("%(delay)s s behind it", delay=f"{identification.delay_s:.2f}"))
    if identification.speed != 1.0:
        facts.append(tr("speed %(ratio)s", ratio=f"{identification.speed:.3f}"))
    if claimed:
        facts.append(
            tr(
                "%(support)s (likelihood ratio 10^%(exponent)s)",
                support=say(term("verbal", identification.verbal)),
                exponent=f"{identification.log10_lr:.1f}",
            )
        )
        if identification.witnesses:
            witnesses = [say(term("witness", name)) for name in identification.witnesses]
            facts.append(both(witnesses))
    elif identification.reason is not None:
        facts.append(shortened(say(identification.reason), 200))
    line = "   ·   ".join(fact for fact in facts if fact)
    size = 9.5 if wide_in(line, 9.5) <= all_in else 8.0
    figure.text(
        0.03, 1 - 0.93 / total, fitted(line, all_in, size), size=size, color=QUIET, va="center"
    )


def _wave(axes: Any, audio: NDArray[np.float32], rate_hz: int, along_s: float) -> None:
    """Draw the wave form's envelope."""
    _frame(axes, along_s, tr("sound"))
    axes.set_ylim(-1.05, 1.05)
    axes.set_yticks([])
    axes.tick_params(axis="x", labelbottom=False)
    if not len(audio):
        axes.text(along_s / 2, 0, tr("no sound"), ha="center", va="center", color=QUIET, size=9)
        return
    size = max(1, len(audio) // _ENVELOPE)
    blocks = audio[: len(audio) // size * size].reshape(-1, size)
    loudest = max(float(np.abs(blocks).max()), 1e-6)
    at = (np.arange(len(blocks)) + 0.5) * size / rate_hz
    axes.fill_between(
        at, blocks.min(1) / loudest, blocks.max(1) / loudest, color=_WAVE, lw=0, step="mid"
    )
    heard_s = len(audio) / rate_hz
    if heard_s < 0.95 * along_s:
        note = "  " + tr("its first %(duration)s", duration=clock(heard_s))
        axes.text(heard_s, 0, note, ha="left", va="center", color=QUIET, size=8)


def _scores(
    axes: Any,
    looks: Sequence[Look],
    names: dict[str, str],
    along_s: float,
    searched: int | None,
) -> None:
    """Draw the best witness's score of each window, and the score from which one names.

    A pale stub stands where nothing spoke. Sound and pictures score in units of their own, so that
    each window has the threshold of what spoke there.
    """
    _frame(axes, along_s, tr("score of\neach window"))
    axes.tick_params(axis="x", labelbottom=False)
    glances = [
        window for look in looks for window in (look.windows or tuple(filter(None, [look.whole])))
    ]
    best = [
        max(glance.observation.witnesses, key=lambda witness: witness.log10_lr, default=None)
        for glance in glances
    ]
    least = [
        _least(witness, glance.end_s - glance.start_s, searched)
        for glance, witness in zip(glances, best, strict=True)
    ]
    highest = max([*(witness.score for witness in best if witness is not None), *least, 1.0])
    for glance, witness in zip(glances, best, strict=True):
        is_match = witness is not None and witness.log10_lr > 0
        axes.bar(
            glance.start_s,
            witness.score if is_match and witness is not None else highest * 0.03,
            glance.end_s - glance.start_s,
            align="edge",
            zorder=2,
            color=names.get(witness.reference, _WAVE) if is_match and witness is not None else GRID,
            ec="white",
            lw=0.8 if len(glances) < 80 else 0,
        )
    if glances:
        edges = [edge for glance in glances for edge in (glance.start_s, glance.end_s)]
        levels = [level for level in least for _ in range(2)]
        axes.plot(edges, levels, color=INK, lw=0.9, ls=(0, (4, 3)), zorder=4)
        axes.text(
            along_s, least[-1], tr("names from here") + " ",
            ha="right", va="bottom", size=7.5, color=INK, zorder=5,
            bbox={"fc": _PALE, "ec": "none", "alpha": 0.8, "pad": 1.0},
        )  # fmt: skip
    axes.set_ylim(0, highest * 1.12)


def _least(witness: Witness | None, seconds: float, searched: int | None) -> float:
    """Return the score from which a window names a reference; sound's, where nothing spoke."""
    kind = "sound" if witness is None or witness.kind == "graphics" else witness.kind
    measured = tail(kind, seconds if witness is None else witness.probe_s)
    return measured.least_in(searched if kind == "sound" else None)


def _timeline(
    axes: Any,
    identification: Identification,
    names: dict[str, str],
    labels: Sequence[str],
    along_s: float,
) -> None:
    """Draw which reference runs when, with where in it each stretch begins."""
    _frame(axes, along_s, "")
    unit = tr("seconds of the probe") if along_s < 600 else tr("time of the probe")
    axes.set_xlabel(unit, size=8.5)
    if along_s >= 600:
        from matplotlib.ticker import FuncFormatter  # noqa: PLC0415 - as in figure.py

        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: clock(value)))
    rows = list(names)
    axes.set_ylim(len(labels) - 0.45, -0.55)
    axes.set_yticks(range(len(labels)), labels, size=_NAME_SIZE)
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    for stretch in identification.stretches:
        if stretch.references[0] not in names:
            continue
        row, colour = rows.index(stretch.references[0]), names[stretch.references[0]]
        axes.barh(
            row, stretch.seconds, left=stretch.start_s, height=0.62, color=colour, lw=0, zorder=2,
            alpha=1.0 if stretch.confirmed else 0.55,
        )  # fmt: skip
        if stretch.seconds > along_s * 0.16:
            label = tr("from %(offset)s", offset=clock(stretch.offset_s))
            if stretch.part is not None:
                label += "  " + tr("in a part of the picture")
            if len(stretch.references) > 1:
                label += "  " + tr("with %(count)s more", count=len(stretch.references) - 1)
            axes.text(
                stretch.start_s + along_s * 0.008, row, label,
                size=7.5, color="white", va="center", zorder=3, clip_on=True,
            )  # fmt: skip


def _lags(axes: Any, alignment: Alignment, colour: str) -> None:
    """Draw the strength over the lag, the chosen one marked."""
    lags = np.asarray(alignment.lags_s, np.float64)
    strength = np.asarray(alignment.strength, np.float64)
    axes.set_facecolor(_PALE)
    if len(lags):
        axes.fill_between(lags, 0, strength, step="mid", color=colour, alpha=0.28, lw=0, zorder=2)
        axes.step(lags, strength, where="mid", color=colour, lw=1.1, zorder=3)
        best = int(np.argmax(strength))
        axes.plot(
            [lags[best]], [strength[best]], "o", ms=7, mfc="white", mec=colour, mew=1.8, zorder=5
        )
        far = np.abs(lags - lags[best]) > 0.5
        runner_up = float(strength[far].max()) if far.any() else 0.0
        axes.axhline(runner_up, color=QUIET, lw=0.8, ls=(0, (4, 3)), zorder=4)
        axes.text(
            lags[-1],
            runner_up,
            tr("next best") + " ",
            ha="right",
            va="bottom",
            size=7.5,
            color=QUIET,
            zorder=5,
        )
        axes.set_xlim(lags[0], lags[-1])
        axes.set_ylim(
            min(0.0, float(strength.min()) * 1.1), max(float(strength.max()) * 1.15, 1e-3)
        )
    axes.set_xlabel(
        tr(
            "lag from the place that was chosen in %(reference)s, s",
            reference=fitted(alignment.reference, 3.0, 8.5),
        ),
        size=8.5,
    )
    axes.set_ylabel(alignment.unit, size=8.5)
    axes.tick_params(labelsize=8, length=3)
    axes.grid(axis="x", color="white", lw=1.0, zorder=1)
    bare(axes, "top", "right")


def _frame(axes: Any, along_s: float, label: str) -> None:
    axes.set_facecolor(_PALE)
    axes.set_xlim(0, along_s)
    axes.set_ylabel(label, size=8.5)
    axes.tick_params(labelsize=8, length=3)
    axes.grid(axis="x", color="white", lw=1.0, zorder=1)
    axes.set_axisbelow(True)
    bare(axes, "top", "right", "left")


def clock(seconds: float) -> str:
    """Return a time as people read it: ``12.34 s``, ``3:07.5``, ``1:02:07``; an epoch in UTC.

    Examples
    --------
    >>> clock(12.34), clock(187.5), clock(3727), clock(1790000000)
    ('12.3 s', '3:07.5', '1:02:07', '2026-09-21 14:13:20Z')
    """
    if seconds > 1e8:
        return str(np.datetime64(round(seconds), "s")).replace("T", " ") + "Z"
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    if seconds < 60:
        return f"{sign}{seconds:.1f} s"
    if seconds < 3600:
        minutes, remainder = divmod(round(seconds, 1), 60)
        return f"{sign}{minutes:.0f}:{remainder:04.1f}"
    minutes, remainder = divmod(round(seconds), 60)
    return f"{sign}{minutes // 60}:{minutes % 60:02d}:{remainder:02d}"
