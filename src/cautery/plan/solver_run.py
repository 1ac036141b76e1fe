"""HiGHS in a thread of its own, so that a time limit and Ctrl-C can stop it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

_LOOK_S, _GRACE_S = 0.2, 5.0
"""How often it is asked whether HiGHS has ended, and how long it may go on when it should have: on
parts of one graph of 200,000 nodes it looked at no clock for ten minutes."""

THREAD = "solver"
"""Name of its thread."""


def is_left_running() -> bool:
    """Tell whether a solver goes on that did not stop.

    It calls Python now and then: after the end of that, this ends the process by a signal.
    """
    return any(thread.name == THREAD for thread in threading.enumerate())


def run(highs: Any, left_s: Callable[[], float], *, enough: float = float("inf")) -> bool | None:
    """Run it until it ends, time does, or Ctrl-C; tell if the latter stopped it.

    Parameters
    ----------
    enough : float
        Bound of an integer model at which it may stop, too.

    Returns
    -------
    bool or None
        ``None``: it has not stopped, as it should have, for :data:`_GRACE_S`. Then it must not be
        touched any more; it ends with the process.
    """
    import highspy  # noqa: PLC0415 - heavy: a solver of 20 MB

    stopping = threading.Event()

    def asked(kind: Any, message: str, out: Any, answer: Any, data: Any) -> None:
        del message, data
        reached = kind == kinds.kCallbackMipInterrupt and out.mip_dual_bound >= enough
        answer.user_interrupt = stopping.is_set() or left_s() <= 0 or reached

    kinds = highspy.cb.HighsCallbackType
    highs.setCallback(asked, None)
    for kind in (kinds.kCallbackMipInterrupt, kinds.kCallbackSimplexInterrupt):
        highs.startCallback(kind)
    # A daemon: where the solver does not stop, it must not keep the process alive.
    thread = threading.Thread(target=highs.run, name=THREAD, daemon=True)
    thread.start()
    waited_s = 0.0
    while thread.is_alive():
        try:
            thread.join(_LOOK_S)
        except KeyboardInterrupt:
            stopping.set()
        waited_s += _LOOK_S if stopping.is_set() else 0.0
        if max(waited_s, -left_s()) > _GRACE_S:
            return None
    return stopping.is_set()
