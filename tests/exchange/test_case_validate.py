"""The community's own validator passes what leaves as CASE, with no warning let through."""

import json
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from tests.exchange.packages import sample_package

from cautery.exchange.case import FORMAT
from cautery.model.exchange import ItemKind

ONTOLOGY = Path(str(files("cautery.exchange.case"))) / "ontology" / "cautery.ttl"
_VALIDATE = "from case_utils.case_validate import main; main()"


def test_case_validate_passes_the_sample(tmp_path: Path) -> None:
    pytest.importorskip("case_utils")
    package = sample_package()
    assert {item.kind for item in package.items} == set(ItemKind)
    graph = tmp_path / "case.jsonld"
    graph.write_bytes(b"".join(FORMAT.write(package)))
    done = subprocess.run(
        [sys.executable, "-c", _VALIDATE, "--ontology-graph", str(ONTOLOGY), str(graph)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    assert "Conforms: True" in done.stdout
    assert "concepts with CDO IRIs" not in done.stderr


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
