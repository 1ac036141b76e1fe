"""What the validators of the field say of what leaves: those of OASIS, MISP and CASE.

Each function returns the faults of one file, none if there are none.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pymisp
from pymisp import MISPObject, PyMISPError
from stix2validator import ValidationOptions, validate_parsed_json

from cautery.json_text import parsed_json

STIX_SCHEMAS = Path(str(files("cautery.exchange.stix"))) / "schemas"
MISP_TEMPLATES = Path(str(files("cautery.exchange.misp"))) / "objects"
ONTOLOGY = Path(str(files("cautery.exchange.case"))) / "ontology" / "cautery.ttl"
_PYMISP = Path(pymisp.__file__).parent / "data"
MISP_SCHEMA: dict[str, Any] = json.loads(
    (_PYMISP / "misp-objects" / "schema_objects.json").read_text()
)
"""By which the project of misp-objects accepts a template."""
MISP_TYPES: dict[str, Any] = json.loads((_PYMISP / "describeTypes.json").read_text())["result"]
OMITTED = "uuid-check"
"""Of the recommendations that ``--strict`` makes rules. It asks for UUIDv4 in the ids; ours are
UUIDv5, so that a withdrawn block has the id of the block."""
_CASE_VALIDATE = "from case_utils.case_validate import main; main()"
_WARNED = "concepts with CDO IRIs"
"""How ``case_validate`` warns of a word that stands in no ontology."""


def stix_faults(raw: bytes) -> list[str]:
    """Return what stix2-validator finds with ``--strict`` and the schemas of our extensions.

    OpenCTI ties an indicator to its observable by ``based-on``, where STIX recommends observed
    data. The validator sees no relationship of this sort.
    """
    bundle = parsed_json(raw)
    bundle["objects"] = [thing for thing in bundle["objects"] if not is_of_opencti(thing)]
    options = ValidationOptions(
        strict=True, silent=True, version="2.1", disabled=OMITTED, schema_dir=str(STIX_SCHEMAS)
    )
    return [str(error) for error in validate_parsed_json(bundle, options).errors]


def is_of_opencti(thing: dict[str, Any]) -> bool:
    """Tell whether an object is a relationship as only OpenCTI makes it."""
    to_observable = not str(thing.get("target_ref")).startswith("observed-data--")
    return thing.get("relationship_type") == "based-on" and to_observable


def misp_faults(raw: bytes) -> list[str]:
    """Return what MISP's library says of each object by its template, as strictly as it can.

    And what it would take without a word: an attribute that the template lacks, a type that is
    not the template's, a value that is not on its list, a category that MISP has not for a type.
    """
    event = parsed_json(raw)["Event"]
    faults = [fault for found in event["Object"] for fault in _object_faults(found)]
    alone = (_type_fault(attribute, "event") for attribute in event.get("Attribute", ()))
    return [*faults, *filter(None, alone)]


def _object_faults(found: dict[str, Any]) -> Iterator[str]:
    name = found["name"]
    try:
        strict = MISPObject(name, strict=True, misp_objects_path_custom=MISP_TEMPLATES)
        strict.from_dict(**found)
        strict.to_dict(strict=True)
    except PyMISPError as error:
        yield f"{name} {found['uuid']}: {error}"
        return
    definition = json.loads((MISP_TEMPLATES / name / "definition.json").read_text())
    for attribute in found["Attribute"]:
        wanted = definition["attributes"].get(attribute["object_relation"])
        if wanted is None:
            yield f"{name}: {attribute['object_relation']} is not in the template"
            continue
        if attribute["type"] != wanted["misp-attribute"]:
            yield f"{name}: {attribute['object_relation']}: {attribute['type']}"
        listed = wanted.get("values_list")
        # A tag says what the value is where no word of the list does.
        if listed and not attribute.get("Tag") and attribute["value"] not in listed:
            yield f"{name}: {attribute['object_relation']}: {attribute['value']}"
        if (fault := _type_fault(attribute, name)) is not None:
            yield fault


def _type_fault(attribute: dict[str, Any], place: str) -> str | None:
    categories = MISP_TYPES["category_type_mappings"].get(attribute.get("category"), ())
    if "category" in attribute and attribute["type"] not in categories:
        return f"{place}: {attribute['type']} in {attribute['category']}"
    return None if attribute["type"] in MISP_TYPES["types"] else f"{place}: {attribute['type']}"


def template_faults() -> list[str]:
    """Return what the schema of misp-objects says of our templates."""
    validator = jsonschema.Draft4Validator(MISP_SCHEMA)
    return [
        f"{path.parent.name}: {error.message}"
        for path in sorted(MISP_TEMPLATES.glob("*/definition.json"))
        for error in validator.iter_errors(json.loads(path.read_text()))
    ]


def case_faults(raw: bytes, folder: Path) -> list[str]:
    """Return what ``case_validate`` says with our ontology and without ``-w``: some 40 s."""
    graph = folder / "validated.jsonld"
    graph.write_bytes(raw)
    command = [sys.executable, "-c", _CASE_VALIDATE, "--ontology-graph", str(ONTOLOGY), str(graph)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 0 and "Conforms: True" in done.stdout and _WARNED not in done.stderr:
        return []
    return [done.stdout[-4_000:] + done.stderr[-4_000:]]


FAULTS: dict[str, Callable[[bytes, Path], list[str]]] = {
    "stix": lambda raw, _: stix_faults(raw),
    "opencti": lambda raw, _: stix_faults(raw),
    "misp": lambda raw, _: [*template_faults(), *misp_faults(raw)],
    "case": case_faults,
}
"""By format: the faults of a file; the folder is for what the validator wants as a file."""
