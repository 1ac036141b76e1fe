"""The solver's runner: time and Ctrl-C end it, even where it looks at no clock."""

import subprocess
import sys
import threading
from types import SimpleNamespace

import highspy
import pytest

from cautery.plan import solver_run


class Deaf:
    """A solver that goes on until it is let go, whatever its callbacks are told."""

    def __init__(self):
        self.let_go = threading.Event()

    def setCallback(self, *_):  # noqa: N802 - HiGHS's own name
        pass

    def startCallback(self, *_):  # noqa: N802
        pass

    def run(self):
        self.let_go.wait(60)


@pytest.fixture(name="deaf")
def _deaf(monkeypatch):
    monkeypatch.setattr(solver_run, "_LOOK_S", 0.01)
    monkeypatch.setattr(solver_run, "_GRACE_S", 0.05)
    solver = Deaf()
    yield solver
    solver.let_go.set()


def test_a_solver_that_hears_no_clock_is_left_alone(deaf):
    assert solver_run.run(deaf, lambda: -1.0) is None
    assert not deaf.let_go.is_set()


LEFT = """
import sys, threading
from cautery import cli
from cautery.plan import solver_run

class Deaf:
    setCallback = startCallback = lambda *_: None
    run = threading.Event().wait

def planned(**_):
    solver_run._GRACE_S = 0.05
    assert solver_run.run(Deaf(), lambda: -1.0) is None
    print("the plan")
    sys.exit(1)

def ended(code):
    print("ended with", code)

cli.app, cli.os._exit = planned, ended
cli.main()
"""


def test_a_command_that_left_a_solver_running_ends_at_once_with_its_own_code():
    done = subprocess.run(
        [sys.executable, "-c", LEFT], check=False, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.splitlines() == ["the plan", "ended with 1"]


def test_a_solver_that_ends_is_waited_for(deaf):
    threading.Timer(0.1, deaf.let_go.set).start()
    assert solver_run.run(deaf, lambda: 10.0) is False


class Asking:
    """A solver that tells one bound, once, and notes whether it is to stop."""

    def __init__(self, bound):
        self.out = SimpleNamespace(mip_dual_bound=bound)
        self.answer = SimpleNamespace(user_interrupt=None)

    def setCallback(self, asked, _):  # noqa: N802 - HiGHS's own name
        self.asked = asked

    def startCallback(self, _):  # noqa: N802
        pass

    def run(self):
        kind = highspy.cb.HighsCallbackType.kCallbackMipInterrupt
        self.asked(kind, "", self.out, self.answer, None)


@pytest.mark.parametrize(("bound", "stops"), [(3.9, False), (4.0, True), (5.0, True)])
def test_a_bound_that_is_enough_stops_the_solver_and_is_no_interruption(bound, stops):
    solver = Asking(bound)
    assert solver_run.run(solver, lambda: 10.0, enough=4.0) is False
    assert solver.answer.user_interrupt is stops
