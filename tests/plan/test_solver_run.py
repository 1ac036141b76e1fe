"""The solver's runner: time and Ctrl-C end it, even where it looks at no clock."""

import threading

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


def test_a_solver_that_ends_is_waited_for(deaf):
    threading.Timer(0.1, deaf.let_go.set).start()
    assert solver_run.run(deaf, lambda: 10.0) is False
