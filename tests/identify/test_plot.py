"""The picture of an identification: its texts are of the catalogue, or data of the probe."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from cautery.drawing.figure import in_style, written
from cautery.identify import plot
from cautery.identify.likelihood import tail
from cautery.identify.plot import Alignment, identification_plot
from cautery.identify.windows import Glance, Look
from cautery.messages import in_language
from cautery.model import Observation, Witness
from cautery.model.identification import METHODS, Identification, Stretch
from cautery.model.message import as_written

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
LONG = Stretch(references=("канал", "другой"), start_s=0.0, end_s=900.0, offset_s=90.0)
CLAIMED = Identification(
    channels=("канал",),
    event="матч",
    offset_s=12.0,
    delay_s=4.0,
    speed=1.04,
    log10_lr=5.0,
    probability=0.9,
    witnesses=METHODS,
    stretches=(LONG,),
    probe_s=900.0,
)


@pytest.mark.parametrize(
    "identification",
    [
        CLAIMED,
        Identification(quoted=("канал",), probability=0.1, reason=as_written("коротко")),
        Identification(probability=0.1),
        Identification(),
    ],
)
def test_every_text_of_the_picture_is_of_the_catalogue_or_data_of_the_probe(
    identification: Identification, marks: ModuleType
) -> None:
    alignment = Alignment(
        reference="канал", unit="", lags_s=[-2.0, 0.0, 2.0], strength=[0.1, 1.0, 0.2]
    )
    with in_language(marks.Marked()):
        picture = identification_plot(
            "запись",
            identification,
            (),
            audio=np.ones(4000 if identification.channels else 0, np.float32),
            rate_hz=100,
            alignment=alignment if identification.channels else None,
        )
    # Units of seconds, and the sign of a power, are the same in every language.
    assert marks.forgotten(picture.decode(), ["s", "Z"]) == []


def looked(score: float, kind: str = "sound") -> Look:
    spoken = Witness(
        kind=kind, reference="a", score=score, runner_up=0.0, delay_s=0.0, speed=1.0, coverage=1.0,
        probe_s=10.0, log10_lr=3.0,
    )  # fmt: skip
    glances = (
        Glance(10.0 * k, 10.0 * k + 10, Observation(at=NOON, witnesses=(spoken,) if k else ()))
        for k in range(3)
    )
    return Look(None, tuple(glances))


def drawn(
    identification: Identification,
    monkeypatch: pytest.MonkeyPatch,
    *looks: Look,
    searched: int | None = None,
) -> Any:
    """Return the figure that is drawn, with its renderer's view of it."""
    figures = []

    def kept(figure: Any, format: str) -> bytes:
        figures.append(figure)
        return written(figure, format)

    monkeypatch.setattr(plot, "written", kept)
    identification_plot(
        "a probe", identification, looks, audio=np.ones(3000, np.float32), rate_hz=100,
        alignment=None, searched=searched, format="png",
    )  # fmt: skip
    return figures[0]


@pytest.mark.parametrize("kind", ["sound", "picture"])
@pytest.mark.parametrize("searched", [None, 100_000])
def test_the_score_from_which_a_window_names_is_drawn(
    kind: str, searched: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    figure = drawn(Identification(probe_s=30.0), monkeypatch, looked(40, kind), searched=searched)
    scores = figure.axes[1]
    (threshold,) = scores.lines
    sound = tail("sound", 10.0).least_in(searched)
    least = sound if kind == "sound" else tail("picture", 10.0).least
    assert list(threshold.get_ydata()) == [sound, sound, *[least] * 4]
    assert list(threshold.get_xdata()) == [0, 10, 10, 20, 20, 30]
    assert scores.get_ylim()[1] > max(40, sound)


@pytest.mark.parametrize(
    "name", ["a", "channel-2026-11-24-" + "arena-" * 20 + "evening", "W" * 200]
)
def test_a_name_of_any_length_lies_within_the_picture(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stretches = tuple(
        Stretch(references=(f"{name}-{k}",), start_s=10.0 * k, end_s=10.0 * k + 10, offset_s=0.0)
        for k in range(3)
    )
    claimed = replace(
        CLAIMED, channels=(f"{name}-0", f"{name}-1"), event=f"{name}-event", stretches=stretches
    )
    figure = drawn(claimed, monkeypatch, looked(40))
    wide, high = figure.canvas.get_width_height()
    texts = [*figure.texts, *figure.axes[2].get_yticklabels()]
    assert len(texts) == 4 + 3
    with in_style():
        boxes = [text.get_window_extent() for text in texts]
    for text, box in zip(texts, boxes, strict=True):
        assert box.x0 >= 0, text.get_text()
        assert box.x1 <= wide, text.get_text()
        assert 0 <= box.y0 <= box.y1 <= high
    title, mark = boxes[:2]
    assert title.x1 < mark.x0
