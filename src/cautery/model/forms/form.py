"""What a form asks for: its fields in order, its source, who issues it and how it is written."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from cautery.errors import InputError
from cautery.model.forms.facts import FACTS, OF_NO_FIELD, FieldKind
from cautery.model.mandate import Regime
from cautery.model.operation import InstrumentKind
from cautery.model.orders import OrderKind

ANSWERS = "answers"
"""What a field takes that no case knows: a person answers it."""
FIXED = "fixed"
"""What a field takes that is the same in every paper: the form states it."""
ANY_COUNTRY = "*"
"""The country of a form that every court or office may be handed."""
LONGEST_VALUE = 20_000
"""Characters of one text of a paper."""
MOST_ENTRIES = 10_000
"""Entries of one list or rows of one table."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
_RESERVED = re.compile(r"@|xml|ns\d+$", re.IGNORECASE | re.ASCII)
"""What begins no name that a form chooses: XML keeps it, or the writer of XML does."""
_STEP = re.compile(r"@?(?:[A-Za-z_][\w.-]*:)?[A-Za-z_][\w.-]*", re.ASCII)


class FormFormat(StrEnum):
    """A format in which a form is written."""

    CSV = "csv"
    JSON = "json"
    XML = "xml"
    PDF = "pdf"
    ZIP = "zip"
    """The paper in its other formats, with the exhibits and their digests."""


class Need(StrEnum):
    """What a case must have before a form can be filled."""

    REFERRAL = "referral"
    VERDICT = "verdict"
    OPERATION = "operation"
    RECIPIENT = "recipient"
    """An agency at the table that the paper goes to."""
    MONEY = "money"
    """A trace of money."""
    CLOSED = "closed"
    """The case is closed, and is verified before the paper is filled: it goes to a court."""


class Issuer(StrEnum):
    """Who signs and sends the paper: never Cautery."""

    RIGHTS_HOLDER = "rights-holder"
    POLICE = "police"
    PROSECUTOR = "prosecutor"
    JUDGE = "judge"
    COURT = "court"
    EXAMINER = "examiner"
    """Whoever examined a case and states to a court what was found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where it stands what the form asks for.

    Parameters
    ----------
    text : str
        The publication, with its article or annex.
    url : str or None
        Its address; ``None``: it is not public.
    read : date
        When it was looked up.
    """

    text: str
    url: str | None = None
    read: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table.

    Parameters
    ----------
    name : str
        Name in the office's file.
    label : mapping of str to str
        By language; English is there.
    from_ : str
        The column of the fact; ``answers``: a person answers it; ``fixed``: the form states it.
    unique : bool
        Whether no two rows may have the same text here.
    fixed : str or None
        Of a column that takes ``fixed``: its text. ``None``: any other.
    path : str or None
        Where it stands in the row's XML element; ``None``: an element of its name.
    """

    name: str
    label: Mapping[str, str]
    from_: str = ANSWERS
    unique: bool = False
    fixed: str | None = None
    path: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """One field of a form.

    Parameters
    ----------
    name : str
        Name in the office's file.
    label : mapping of str to str
        By language; English is there.
    kind : FieldKind
        What it holds.
    from_ : str
        A fact of the vocabulary, or ``answers``.
    mandatory : bool
        Whether the paper is incomplete without it.
    one_of : str or None
        Name of a group of which at least one field is filled; ``None``: it is in no group.
    longest : int
        Most characters of one text.
    most : int
        Most entries of a list, or rows of a table.
    choices : tuple of str
        The only texts that fit; empty: any.
    columns : tuple of Column
        Of a table.
    fixed : str or None
        Of a field that takes ``fixed``: its text. ``None``: any other.
    path : str or None
        Where it stands in the XML document, such as ``targets/target``; a step ``@name`` at the end
        is an attribute. ``None``: it is not in the document.
    words : mapping of str to str
        What whoever answers "yes" declares, by language; it stands on the paper. Empty: nothing.
    """

    name: str
    label: Mapping[str, str]
    kind: FieldKind
    from_: str
    mandatory: bool = True
    one_of: str | None = None
    longest: int = LONGEST_VALUE
    most: int = MOST_ENTRIES
    choices: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    fixed: str | None = None
    path: str | None = None
    words: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._check_shape()
        if (self.from_ == FIXED) != (self.fixed is not None):
            raise InputError(f"field {self.name}: a fixed field has its text, and no other has one")
        for column in self.columns:
            if (column.from_ == FIXED) != (column.fixed is not None):
                raise InputError(f"field {self.name}: a fixed column has its text, and no other")
        if self.from_ in {ANSWERS, FIXED}:
            return
        spec = FACTS.get(self.from_)
        if spec is None or self.from_ in OF_NO_FIELD:
            raise InputError(f"field {self.name}: there is no fact {self.from_!r}")
        if spec.kind is not self.kind:
            raise InputError(f"field {self.name}: {self.from_} is {spec.kind}, not {self.kind}")
        for column in self.columns:
            if column.from_ not in {ANSWERS, FIXED, *spec.columns}:
                raise InputError(f"field {self.name}: {self.from_} has no column {column.from_!r}")

    def _check_shape(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise InputError(f"field {self.name!r}: a name has lower-case letters, digits and _")
        if (self.kind is FieldKind.TABLE) != bool(self.columns):
            raise InputError(f"field {self.name}: a table has columns, and nothing else has")
        if self.words and (self.kind is not FieldKind.YES_NO or not self.words.get("en")):
            raise InputError(f"field {self.name}: a declaration is answered yes or no, in English")
        labels = [self.label, *(column.label for column in self.columns)]
        if not all(label.get("en") for label in labels):
            raise InputError(f"field {self.name}: it has no English label")
        paths = [self.path, *(column.path for column in self.columns)]
        for step in "/".join(path for path in paths if path is not None).split("/"):
            if step not in {"", "."} and not _STEP.fullmatch(step):
                raise InputError(f"field {self.name}: {step!r} is no step of an XML path")


@dataclass(frozen=True, slots=True, kw_only=True)
class Xml:
    """How a form is written as XML.

    Parameters
    ----------
    root : str
        Name of the root element.
    namespace : str or None
        Namespace of all names without a prefix; ``None``: they are in none.
    prefixes : mapping of str to str
        Further namespaces, by the prefix that paths use.
    attributes : mapping of str to str
        Attributes of the root, such as the version of the schema.
    schema : str or None
        Address of the public schema; ``None``: there is none. Nothing fetches it.
    """

    root: str
    namespace: str | None = None
    prefixes: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)
    schema: str | None = None

    def __post_init__(self) -> None:
        names = [self.root, *self.prefixes, *self.attributes]
        for name in names:
            if not _STEP.fullmatch(name) or _RESERVED.match(name):
                raise InputError(f"{name[:60]!r} cannot be a name or a prefix of an XML document")


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A paper of an office, as data.

    Parameters
    ----------
    id : str
        Its folder and file, such as ``it/piracy-shield``.
    title : mapping of str to str
        By language; English is there.
    country : str
        ISO 3166-1 alpha-2, ``EU``, or ``*``: every country.
    body : str
        The office that receives it.
    purpose : mapping of str to str
        What it is for, by language.
    source : Source
        Where it stands what it asks for.
    verified : bool
        Whether that text was read field by field; else each paper says that it was not.
    regimes : tuple of Regime
        Who may use it.
    issued_by : Issuer
        Who signs and sends it.
    formats : tuple of FormFormat
        How it can be written, the usual one first.
    needs : tuple of Need
        What the case must have.
    fields : tuple of FormField
        In the order of the paper.
    instrument : InstrumentKind or None
        The legal instrument whose draft it is about; ``None``: it is about none.
    csv_table : str or None
        Name of the table whose rows are the lines of the CSV; ``None``: a line a value.
    xml : Xml or None
        How it is written as XML.
    most_bytes : int
        Most bytes of exhibits in a ZIP.
    ticket : bool
        Whether it is the paper that a referral of its country becomes: who looks at the referral is
        told what the paper lacks.
    per_target : bool
        Whether each target of a referral has a paper of its own.
    orders : tuple of OrderKind
        Kinds of order under which it is used.
    """

    id: str
    title: Mapping[str, str]
    country: str
    body: str
    purpose: Mapping[str, str]
    source: Source
    verified: bool
    regimes: tuple[Regime, ...]
    issued_by: Issuer
    formats: tuple[FormFormat, ...]
    fields: tuple[FormField, ...]
    needs: tuple[Need, ...] = ()
    instrument: InstrumentKind | None = None
    csv_table: str | None = None
    xml: Xml | None = None
    most_bytes: int = 50_000_000
    ticket: bool = False
    per_target: bool = False
    orders: tuple[OrderKind, ...] = tuple(OrderKind)

    def __post_init__(self) -> None:
        names = Counter(form_field.name for form_field in self.fields)
        twice = [name for name, count in names.items() if count > 1]
        if twice:
            raise InputError(f"form {self.id}: the field {twice[0]!r} stands twice")
        if not self.title.get("en") or not self.purpose.get("en"):
            raise InputError(f"form {self.id}: it has no English title or purpose")
        if not self.formats or not self.regimes or not self.fields:
            raise InputError(f"form {self.id}: it has no format, no regime or no field")
        if (FormFormat.XML in self.formats) != (self.xml is not None):
            raise InputError(f"form {self.id}: a form in XML says how, and no other does")
        if (self.ticket or self.per_target) and Need.REFERRAL not in self.needs:
            raise InputError(f"form {self.id}: a ticket needs a referral")
        if self.verified and self.source.url is None:
            raise InputError(f"form {self.id}: a verified form names the address of its source")
        tables = {
            form_field.name for form_field in self.fields if form_field.kind is FieldKind.TABLE
        }
        if self.csv_table is not None and self.csv_table not in tables:
            raise InputError(f"form {self.id}: it has no table {self.csv_table!r}")

    def field(self, name: str) -> FormField | None:
        """Return a field by its name; ``None``: there is none."""
        return next((form_field for form_field in self.fields if form_field.name == name), None)


def in_words_of(texts: Mapping[str, str], language: str) -> str:
    """Return a text of a form in a language, or in English where it has none."""
    return texts.get(language.partition("-")[0]) or texts["en"]
