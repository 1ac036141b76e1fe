"""The exhibits of a dossier's claims as the rows of a list, each exhibit once."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from cautery.messages import tr
from cautery.model.forms import Row
from cautery.pages.dossier import DossierView
from cautery.pages.dossier.exhibits import ExhibitLine
from cautery.pages.dossier.render import document_texts
from cautery.pages.dossier.words import second, second_after, style


def sealed_rows(view: DossierView, state: Callable[[str], str]) -> tuple[Row, ...]:
    """Return a row for each exhibit, numbered in the order of the claims.

    Parameters
    ----------
    state : callable
        Says of an exhibit's SHA-256 what the chain of custody says.
    """
    claims: dict[str, list[int]] = {}
    first: dict[str, ExhibitLine] = {}
    for line in view.lines:
        claims.setdefault(line.digest, []).append(line.claim)
        first.setdefault(line.digest, line)
    nobody = document_texts()["unjudged" if view.unjudged else "nobody"]
    return tuple(
        {
            "number": str(number),
            "digest": line.digest,
            "what": tr("%(what)s, encrypted", what=line.what) if line.encrypted else line.what,
            "claims": listed(claims[digest]),
            "size": "" if line.size is None else style(line.size),
            "sealed": "" if line.sealed_at is None else second(line.sealed_at),
            "not_after": nobody if line.not_after is None else second_after(line.not_after),
            "custody": state(digest),
        }
        for number, (digest, line) in enumerate(first.items(), 1)
    )


def listed(numbers: Iterable[int]) -> str:
    """Return rising numbers, each once, with runs of three or more as ranges.

    Examples
    --------
    >>> listed([1, 2, 3, 5, 5, 6])
    '1-3, 5, 6'
    """
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    parts = [[f"{run[0]}-{run[-1]}"] if len(run) > 2 else map(str, run) for run in runs]
    return ", ".join(part for run in parts for part in run)
