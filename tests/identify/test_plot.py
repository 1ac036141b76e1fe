"""The picture of an identification: its texts are of the catalogue, or data of the probe."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest

from cautery.identify.plot import Alignment, identification_plot
from cautery.messages import in_language
from cautery.model.identification import METHODS, Identification, Stretch
from cautery.model.message import as_written

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
