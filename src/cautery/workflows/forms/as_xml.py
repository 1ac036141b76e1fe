"""Write a filled form as XML, element by element from the paths of its fields.

A field says where it stands (``path``). An element of a path is made once and used by the fields
that follow, until another sibling is made; the last step is new for each value. Outside text is
the text of an element or an attribute and never markup: no string is joined to make XML.
"""

from __future__ import annotations

import io
from xml.etree import ElementTree as ET  # it only writes here

from cautery.drawing.escaping import LONGEST, clean
from cautery.errors import InputError
from cautery.model.forms import Filled, FilledField, Form, Row, Xml
from cautery.workflows.forms.as_text import texts_of
from cautery.workflows.forms.drafting import draft_line


def xml_of(filled: Filled) -> bytes:
    """Return a form as an XML document in UTF-8.

    A draft says so in a comment before anything else in the root.

    Raises
    ------
    InputError
        If the form is not written as XML, or a path uses a prefix that has no namespace.
    """
    form = filled.form
    if form.xml is None:
        raise InputError(f"the form {form.id} is not written as XML")
    root = ET.Element(_name(form, form.xml, form.xml.root))
    for name, text in form.xml.attributes.items():
        root.set(_attribute(form, form.xml, name), text)
    if filled.is_draft:
        # Two hyphens end a comment early.
        root.append(ET.Comment(f" {clean(draft_line(filled)).replace('--', '- -')} "))
    for entry in filled.fields:
        if entry.field.path is not None:
            _write(root, form, form.xml, entry)
    ET.indent(root)
    out = io.BytesIO()
    for prefix, namespace in form.xml.prefixes.items():
        ET.register_namespace(prefix, namespace)
    if form.xml.namespace is not None:
        ET.register_namespace("", form.xml.namespace)
    ET.ElementTree(root).write(out, encoding="utf-8", xml_declaration=True, default_namespace=None)
    out.write(b"\n")
    return out.getvalue()


def _write(root: ET.Element, form: Form, xml: Xml, entry: FilledField) -> None:
    steps = (entry.field.path or "").split("/")
    value = entry.value
    if value is None:
        return
    if isinstance(value, tuple) and value and not isinstance(value[0], str):
        for row in value:
            if not isinstance(row, str):
                _write_row(root, form, xml, entry, row)
        return
    for text in ("true" if value else "false",) if isinstance(value, bool) else texts_of(entry):
        _place(root, form, xml, steps, text)


def _write_row(root: ET.Element, form: Form, xml: Xml, entry: FilledField, row: Row) -> None:
    steps = (entry.field.path or "").split("/")
    parent = _parent(root, form, xml, steps[:-1])
    element = ET.SubElement(parent, _name(form, xml, steps[-1]))
    for column in entry.field.columns:
        text = row.get(column.name, "")
        if text:
            _place(element, form, xml, (column.path or column.name).split("/"), text)


def _place(root: ET.Element, form: Form, xml: Xml, steps: list[str], text: str) -> None:
    parent, last = _parent(root, form, xml, steps[:-1]), steps[-1]
    visible_text = clean(text, max(len(text), LONGEST))
    if last.startswith("@"):
        parent.set(_attribute(form, xml, last[1:]), visible_text)
    elif last == TEXT:
        parent.text = visible_text
    else:
        ET.SubElement(parent, _name(form, xml, last)).text = visible_text


TEXT = "."
"""The last step of a path whose value is the text of the element itself."""


def _parent(root: ET.Element, form: Form, xml: Xml, steps: list[str]) -> ET.Element:
    """Return the element of a path: the newest one where it is the last of its siblings."""
    element = root
    for step in steps:
        name = _name(form, xml, step)
        newest = element[-1] if len(element) else None
        element = (
            newest if newest is not None and newest.tag == name else ET.SubElement(element, name)
        )
    return element


def _name(form: Form, xml: Xml, step: str) -> str:
    prefix, _, local = step.rpartition(":")
    if not prefix:
        return local if xml.namespace is None else f"{{{xml.namespace}}}{local}"
    return f"{{{_namespace(form, xml, prefix)}}}{local}"


def _attribute(form: Form, xml: Xml, step: str) -> str:
    """Return the name of an attribute: without a prefix it is in no namespace."""
    prefix, _, local = step.rpartition(":")
    return f"{{{_namespace(form, xml, prefix)}}}{local}" if prefix else local


def _namespace(form: Form, xml: Xml, prefix: str) -> str:
    namespace = xml.prefixes.get(prefix)
    if namespace is None:
        raise InputError(f"form {form.id}: the prefix {prefix!r} has no namespace")
    return namespace
