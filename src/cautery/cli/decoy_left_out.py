"""Blind tests of other cases that are not counted: each is named, and the exit code says so."""

from __future__ import annotations

import typer

from cautery.cli import render
from cautery.pages.blind.words import uncounted
from cautery.wiring.blind import CaseNights


def show_left_out(nights: CaseNights) -> None:
    """Print each case whose blind test is not counted, why, and what is wrong with it."""
    for left_case in nights.left_out:
        render.say(render.printable(uncounted(left_case)))
        if left_case.fault:
            render.say(render.printable(f"  {left_case.fault}"))


def end_if_left_out(nights: CaseNights) -> None:
    """End with exit code 1 if the blind test of a case is not counted.

    Raises
    ------
    Exit
        If so.
    """
    if nights.left_out:
        raise typer.Exit(1)
