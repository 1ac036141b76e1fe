"""The list of verbs in a help: each with its first sentence, and that whole."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup

_LONGEST = 300
"""Characters of a first sentence; typer itself cuts at the end of the line."""


class Verbs(TyperGroup):
    """A group of verbs that tells the whole first sentence of each, be it two lines long."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the list of verbs."""
        verbs = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, verb.get_short_help_str(_LONGEST)) for name, verb in verbs if verb]
            )
