"""Forms filled from cases: checked, and written to files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cautery import wiring
from cautery.adapters.typst_pdf import compile_pdf
from cautery.messages import in_language
from cautery.model.forms import Filled, Form, FormFormat, fill
from cautery.wiring.cases import reading
from cautery.wiring.custody import note_opening
from cautery.workflows.forms.answers import read_answers
from cautery.workflows.forms.catalogue import form_named
from cautery.workflows.forms.checking import facts_of
from cautery.workflows.forms.chosen import About
from cautery.workflows.forms.writing import format_of, require_complete, written_form


@dataclass(frozen=True, slots=True, kw_only=True)
class FormRequest:
    """What a person asks of a form.

    Parameters
    ----------
    form : str
        Its id.
    case : Path
        The case that fills it.
    referral : str or None
        Id of the referral that it is about.
    hosts : tuple of str
        Hosts that it is about; empty: all.
    persons : tuple of str
        Pseudonyms that it is about; empty: all.
    answers : Path or None
        The file of answers.
    """

    form: str
    case: Path
    referral: str | None = None
    hosts: tuple[str, ...] = ()
    persons: tuple[str, ...] = ()
    answers: Path | None = None


def check(request: FormRequest) -> Filled:
    """Fill a form from a case, and write nothing.

    Raises
    ------
    CauteryError
        As the workflow says.
    """
    form = form_named(request.form)
    with reading(request.case) as case:
        facts = facts_of(case, form, _about(request))
    return fill(form, facts, _answers(request, form))


def write(
    request: FormRequest, out: Path, *, asked_format: FormFormat | None, language: str, draft: bool
) -> tuple[Filled, FormFormat]:
    """Fill a form from a case and write it to a file for its owner's eyes.

    Parameters
    ----------
    asked_format : FormFormat or None
        The format; ``None``: by the ending of the file, or the form's usual one.
    draft : bool
        Write it, marked as a draft, although it lacks something.

    Raises
    ------
    IncompleteError
        If it lacks something and is to be no draft.
    CauteryError
        As the workflow says.
    """
    form = form_named(request.form)
    form_format = format_of(form, asked_format, out.suffix)
    wiring.check_output(out)
    answers = _answers(request, form)
    about = _about(request, leaves=True)
    with in_language(language), reading(request.case) as case:
        facts = facts_of(case, form, about)
        filled = fill(form, facts, answers)
        if not draft:
            require_complete(filled)
        of_case = facts.get("case.id") or facts["operation.id"]
        content = written_form(
            case,
            filled,
            form_format,
            name=str(of_case.value),
            lab=facts["case.lab"].value is True,
            at=about.at,
            compiled=compile_pdf,
            copied=lambda exhibit: note_opening(
                request.case,
                what=exhibit,
                digest=exhibit,
                by=None,
                why=f"form {form.id}",
                copied=True,
            ),
        )
    wiring.write_secret(out, (content,))
    return filled, form_format


def _about(request: FormRequest, *, leaves: bool = False) -> About:
    return About(
        at=wiring.clock().now(),
        referral=request.referral,
        hosts=request.hosts,
        persons=request.persons,
        leaves=leaves,
    )


def _answers(request: FormRequest, form: Form) -> Mapping[str, Any]:
    return {} if request.answers is None else read_answers(request.answers, form)
