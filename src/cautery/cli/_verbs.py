"""Groups of verbs: what each is for stands in a table, and its module is loaded when it is used.

So ``cautery --help`` answers at once, and a command's module imports what it needs at its top. A
test compares the tables with the commands' own first sentences.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, MutableMapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from cautery.cli._reminding import reminds

_LONGEST = 300
"""Characters of a first sentence; typer itself cuts at the end of the line."""

Table = Mapping[str, tuple[str, str]]
"""By verb: where it lies, as ``module:name``, and its first sentence."""


class Verbs(TyperGroup):
    """A group of verbs that shows the whole first sentence of each, be it two lines long."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for name, verb in self.commands.items():
            reminds(name, verb)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - click's
        """Write the list of verbs."""
        verbs = self.commands.items()
        _write(
            formatter, [(name, verb.get_short_help_str(_LONGEST)) for name, verb in verbs if verb]
        )


def verbs_of(table: Table) -> type[Verbs]:
    """Return a group whose verbs are loaded one by one."""

    class Lazy(Verbs):
        def __init__(self, **settings: Any) -> None:
            super().__init__(**settings)
            self.commands = _Loaded(table)

        def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - click's
            return [*table]

        def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
            _write(formatter, [(name, sentence) for name, (_, sentence) in table.items()])

    return Lazy


class _Loaded(MutableMapping[str, Any]):
    """Commands by name, each made when it is asked for."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._commands: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._commands:
            module, _, attribute = self._table[name][0].partition(":")
            self._commands[name] = _command(name, getattr(_loaded(module), attribute))
        return self._commands[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._table)

    def __len__(self) -> int:
        return len(self._table)

    def __setitem__(self, name: str, command: Any) -> None:
        self._commands[name] = command

    def __delitem__(self, name: str) -> None:
        raise KeyError(name)


def _loaded(module: str) -> Any:
    """Import a module; what is imported lives as long as the process, so nobody collects it."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        return import_module(module)
    finally:
        gc.freeze()
        if was_on:
            gc.enable()


def _command(name: str, target: Any) -> Any:
    """Return a function or an application as the command of a group."""
    if isinstance(target, typer.Typer):
        target.rich_markup_mode = (
            None  # a group that is made alone takes nothing from the one above
        )
        command: Any = typer.main.get_group(target)
    else:
        alone = typer.Typer(add_completion=False, rich_markup_mode=None)
        alone.command(name)(target)
        command = typer.main.get_command(alone)
        reminds(name, command)
    command.name = name
    return command


def _write(formatter: Any, rows: list[tuple[str, str]]) -> None:
    with formatter.section("Commands"):
        formatter.write_dl(rows)
