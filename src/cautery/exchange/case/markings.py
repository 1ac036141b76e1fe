"""Markings in a graph: definitions with statements, as UCO has no word for TLP, PAP or Europol.

A definition that is not understood whole is refused: nobody knows what it forbids.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from cautery.errors import InputError
from cautery.exchange.case.literals import all_of, node_of, text_of, whole_of
from cautery.exchange.case.terms import LEVEL
from cautery.exchange.markings import PAP_OF, TLP_1, joined
from cautery.model.marking import HandlingCode, Marking, Pap, Tlp

_EUROPOL = "Europol "
_DEFINITION = "uco-marking:MarkingDefinition"
_STATEMENT = "uco-marking:StatementMarking"
_LONGEST = 1 << 17
_LEVEL = re.compile(r"(TLP|PAP)[: ]([A-Z]{3,5}(?:\+STRICT)?)")
_SOURCE, _ACCURACY = "cautery:sourceEvaluation", "cautery:informationEvaluation"
_READ = frozenset(
    {"@id", "@type", "uco-marking:definition", "uco-marking:definitionType", _SOURCE, _ACCURACY}
    | {f"uco-core:{name}" for name in ("name", "createdBy", "objectCreatedTime", "description")}
)
"""Members of a definition that forbid nothing more than its statements do."""


def statements_of(marking: Marking) -> list[str]:
    """Return what a marking says, a statement for each of its parts.

    Examples
    --------
    >>> statements_of(Marking(tlp=Tlp.AMBER, pap=Pap.RED, handling=frozenset({HandlingCode.H1})))
    ['TLP:AMBER', 'PAP:RED', 'Europol H1']
    """
    codes = [
        f"{_EUROPOL}{code}: {marking.h3_text}" if code is HandlingCode.H3 else f"{_EUROPOL}{code}"
        for code in sorted(marking.handling)
    ]
    return [str(marking.tlp), str(marking.pap), *codes]


def words_of(marking: Marking) -> tuple[str, ...]:
    """Return what tells a marking from each other one."""
    return *statements_of(marking), f"{marking.source}{marking.accuracy}"


def marking_node(marking: Marking, name: str, name_of: Callable[..., str]) -> dict[str, Any]:
    """Return the definition of a marking."""
    node: dict[str, Any] = {
        "@id": name,
        "@type": [_DEFINITION, LEVEL],
        "uco-marking:definitionType": "statement",
        "uco-marking:definition": [
            {
                "@id": name_of("StatementMarking", *words_of(marking), statement),
                "@type": _STATEMENT,
                "uco-marking:definitionType": "statement",
                "uco-marking:statement": statement,
            }
            for statement in statements_of(marking)
        ],
    }
    if marking.source is not None:
        node[_SOURCE] = marking.source
    if marking.accuracy is not None:
        node[_ACCURACY] = marking.accuracy
    return node


def marking_of(
    node: Mapping[str, Any], node_named: Callable[[str], Mapping[str, Any]], assumed: Marking | None
) -> Marking:
    """Read a definition.

    Parameters
    ----------
    node : mapping
        The definition.
    node_named : callable
        Returns an object of the file by its id.
    assumed : Marking or None
        What holds of a partner's file where it does not say so itself: its PAP, its evaluation.

    Raises
    ------
    InputError
        If any of it is not understood.
    """
    is_ours = LEVEL in all_of(node.get("@type"))
    if unknown := sorted(set(node) - _READ):
        raise InputError(f"Cautery does not know what {unknown[0]} of a marking forbids")
    if _DEFINITION not in all_of(node.get("@type")):
        raise InputError(f"its marking {node.get('@id')} is no uco-marking:MarkingDefinition")
    statements = [
        _statement(model, node_named) for model in all_of(node.get("uco-marking:definition"))
    ]
    levels: dict[str, set[str]] = {"TLP": set(), "PAP": set()}
    codes: set[HandlingCode] = set()
    h3_text = None
    for statement in statements:
        if is_ours and statement.startswith(_EUROPOL):
            code, _, words = statement.removeprefix(_EUROPOL).partition(": ")
            codes.add(_code(code))
            h3_text = words or h3_text
        elif level := _LEVEL.fullmatch(statement if is_ours else statement.strip().upper()):
            levels[level[1]].add(level[2])
        else:
            raise InputError(f"Cautery does not know the marking {statement[:100]!r}")
    tlp = _tlp(levels["TLP"], is_ours=is_ours)
    if is_ours and not levels["PAP"]:
        raise InputError("a marking of ours has a PAP; its statement is missing")
    source = node.get(_SOURCE)
    accuracy = node.get(_ACCURACY)
    return Marking(
        tlp=tlp,
        pap=_pap(levels["PAP"], tlp, assumed),
        handling=frozenset(codes),
        h3_text=h3_text,
        source=_assumed(assumed, "source") if source is None else text_of(source),
        accuracy=_assumed(assumed, "accuracy") if accuracy is None else whole_of(accuracy),
    )


def together(markings: Iterable[Marking]) -> Marking:
    """Return the marking of what bears several: the strictest of each of their parts.

    Raises
    ------
    InputError
        If they disagree on TLP: one object has one.
    """
    found = list(markings)
    if len({marking.tlp for marking in found}) > 1:
        words = " and ".join(sorted(str(marking.tlp) for marking in found))
        raise InputError(f"it bears {words}; one object has one TLP")
    return joined(*found)


def _statement(model: object, node_named: Callable[[str], Mapping[str, Any]]) -> str:
    known = model if isinstance(model, dict) and len(model) > 1 else node_named(node_of(model))
    if _STATEMENT not in all_of(known.get("@type")):
        kind = next(iter(all_of(known.get("@type"))), "a marking without a type")
        raise InputError(f"Cautery does not know what {kind} forbids; it reads statements alone")
    statement = text_of(known.get("uco-marking:statement"))
    if len(statement) > _LONGEST:
        raise InputError(f"a statement of a marking has over {_LONGEST} characters")
    return statement


def _tlp(found: set[str], *, is_ours: bool) -> Tlp:
    if len(found) != 1:
        raise InputError(
            f"a marking has one TLP, not {' and '.join(sorted(found)) or 'none'}",
        )
    (word,) = found
    if not is_ours and word.lower() in TLP_1:  # a partner's TLP has no version
        return TLP_1[word.lower()]
    try:
        return Tlp(f"TLP:{word}")
    except ValueError as error:
        raise InputError(f"TLP:{word} is no level of TLP") from error


def _pap(found: set[str], tlp: Tlp, assumed: Marking | None) -> Pap:
    if not found:
        return assumed.pap if assumed is not None else PAP_OF[tlp]
    if len(found) > 1:
        raise InputError(f"a marking has one PAP, not {' and '.join(sorted(found))}")
    (word,) = found
    word = "CLEAR" if word == "WHITE" else word
    try:
        return Pap(f"PAP:{word}")
    except ValueError as error:
        raise InputError(f"PAP:{word} is no level of PAP") from error


def _code(word: str) -> HandlingCode:
    try:
        return HandlingCode(word)
    except ValueError as error:
        raise InputError(f"{word[:20]!r} is no handling code of Europol") from error


def _assumed(assumed: Marking | None, name: str) -> Any:
    return None if assumed is None else getattr(assumed, name)
