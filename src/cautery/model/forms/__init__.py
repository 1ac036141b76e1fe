"""Forms as data: what an office's paper asks for, and the pure filling of it (ADR 0080).

A form names its fields in order. Each field takes a fact of a closed vocabulary, which a case
gives, or an answer of a person. Filling says what is missing and what does not fit.

Examples
--------
>>> form = form_of(
...     {
...         "title": {"en": "List of names"},
...         "country": "IT",
...         "body": "AGCOM",
...         "purpose": {"en": "what access providers block"},
...         "issued_by": "rights-holder",
...         "regimes": ["gdpr"],
...         "formats": ["csv"],
...         "verified": False,
...         "source": {"text": "an example", "read": "2026-11-30"},
...         "field": [
...             {
...                 "name": "fqdn",
...                 "label": {"en": "Names"},
...                 "kind": "names",
...                 "from": "referral.names",
...             },
...             {"name": "number", "label": {"en": "No."}, "kind": "text", "from": "answers"},
...         ],
...     },
...     id_="it/example",
... )
>>> filled = fill(form, {"referral.names": Fact(value=("a.example",), records=(7,))}, {})
>>> [fault.field for fault in filled.faults], filled.fields[0].records
(['number'], (7,))
"""

from cautery.model.forms.facts import (
    FACTS,
    OF_NO_FIELD,
    UNAPPROVED,
    WITHHELD,
    Fact,
    FactSpec,
    FieldKind,
    Row,
    Value,
)
from cautery.model.forms.filling import Fault, Filled, FilledField, Misfit, fill
from cautery.model.forms.form import (
    ANSWERS,
    ANY_COUNTRY,
    FIXED,
    Column,
    Form,
    FormField,
    FormFormat,
    Issuer,
    Need,
    Source,
    Xml,
    in_words_of,
)
from cautery.model.forms.reading import form_of

__all__ = [
    "ANSWERS",
    "ANY_COUNTRY",
    "FACTS",
    "FIXED",
    "OF_NO_FIELD",
    "UNAPPROVED",
    "WITHHELD",
    "Column",
    "Fact",
    "FactSpec",
    "Fault",
    "FieldKind",
    "Filled",
    "FilledField",
    "Form",
    "FormField",
    "FormFormat",
    "Issuer",
    "Misfit",
    "Need",
    "Row",
    "Source",
    "Value",
    "Xml",
    "fill",
    "form_of",
    "in_words_of",
]
