"""Read, decide and append; start again if another process changed the basis of the decision."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from cautery.errors import ConflictError

P = ParamSpec("P")
T = TypeVar("T")


def again_if_passed(workflow: Callable[P, T]) -> Callable[P, T]:
    """Make a workflow start anew when its append met a record that came in between.

    The workflow takes the ledger's size before it reads, and appends with ``if_unchanged_since``.
    Each new start means that another process has got on, so this ends.
    """

    @wraps(workflow)
    def run(*arguments: P.args, **keywords: P.kwargs) -> T:
        while True:
            try:
                return workflow(*arguments, **keywords)
            except ConflictError:
                continue

    return run
