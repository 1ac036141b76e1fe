"""The community's own validator passes what leaves as CASE, with no warning let through."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.exchange.packages import sample_package
from tests.exchange.validators import ONTOLOGY, case_faults

from cautery.exchange.case import FORMAT
from cautery.model.exchange import ItemKind


def test_case_validate_passes_the_sample(tmp_path: Path) -> None:
    package = sample_package()
    assert {item.kind for item in package.items} == set(ItemKind)
    assert case_faults(b"".join(FORMAT.write(package)), tmp_path) == []


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of rdflib itself
@pytest.mark.parametrize(
    ("kind", "place", "value"),
    [
        ("cautery:Block", "uco-action:endTime", None),
        ("cautery:CriminalNetwork", "cautery:subject", None),
        ("cautery:Stream", "uco-core:objectMarking", None),
        ("cautery:Exhibit", "case-investigation:exhibitNumber", "sha256:beef"),
    ],
)
def test_our_own_shapes_refuse_what_lacks_its_words(kind: str, place: str, value: object) -> None:
    pyshacl = pytest.importorskip("pyshacl")
    rdflib = pytest.importorskip("rdflib")
    graph: dict[str, Any] = json.loads(b"".join(FORMAT.write(sample_package())))

    def conforms() -> bool:
        data = rdflib.Graph().parse(data=json.dumps(graph), format="json-ld")
        return bool(pyshacl.validate(data, shacl_graph=ours, ont_graph=ours)[0])

    node = next(node for node in graph["@graph"] if kind in node["@type"])
    graph["@graph"] = [node]
    ours = rdflib.Graph().parse(ONTOLOGY)
    for shape in list(ours.subject_objects(rdflib.SH["class"])):  # classes of UCO are not here
        ours.remove((shape[0], rdflib.SH["class"], shape[1]))
    assert conforms()
    if value is None:
        del node[place]
    else:
        node[place] = value
    assert not conforms()
