"""What ``cautery watch --standby`` says while it waits."""

from __future__ import annotations

import time

from cautery.cli import render
from cautery.messages import tr
from cautery.wiring.standing_by import Waits

AGAIN_S = 60.0
"""The same is said again after so long: who reads a journal sees that the standby is there."""
_SILENT_S = 2.0
"""A driver that counts up every second has missed one from here on."""


class StandbyView:
    """Says what is waited for: each change, and once a minute that nothing has changed.

    Parameters
    ----------
    json : bool
        As lines of JSON on the standard output, between which records stand once it goes on.
    """

    def __init__(self, *, json: bool) -> None:
        self._json = json
        self._begun_s = time.monotonic()
        self._said: tuple[str, bool, str] | None = None
        self._said_s = 0.0

    def hear(self, waits: Waits) -> None:
        """Take up what is waited for now."""
        now_s = time.monotonic()
        news = (waits.driver, waits.silent_s >= _SILENT_S, waits.trouble)
        if news == self._said and now_s - self._said_s < AGAIN_S:
            return
        self._said, self._said_s = news, now_s
        if self._json:
            render.json_line(
                {
                    "standby": {
                        "driver": waits.driver or None,
                        "silent_s": round(waits.silent_s, 1),
                        "trouble": waits.trouble or None,
                        "waited_s": round(now_s - self._begun_s, 1),
                    }
                }
            )
            return
        render.say(render.printable(_line(waits, now_s - self._begun_s)))


def _line(waits: Waits, waited_s: float) -> str:
    if waits.trouble:
        return tr("standing by: %(trouble)s", trouble=waits.trouble)
    if not waits.driver:
        return tr("standing by: nobody has begun this case yet")
    if waits.silent_s >= _SILENT_S:
        return tr(
            "standing by: %(driver)s has been silent for %(seconds)s s",
            driver=waits.driver,
            seconds=round(waits.silent_s),
        )
    return tr(
        "standing by for %(minutes)s min: %(driver)s drives the case",
        minutes=round(waited_s / 60),
        driver=waits.driver,
    )
