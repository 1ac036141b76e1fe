"""Write what Cautery runs on as CycloneDX 1.6, the same bytes each time.

Components are the pins of requirements/run.txt with the SHA-256 of their files, their declared
licences and who asks for whom. Nothing is drawn by chance and no clock is read: the serial number
is a hash of what is listed, the time is the commit's.
"""

from __future__ import annotations

import hashlib
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pins
from cyclonedx.model import (
    ExternalReference,
    ExternalReferenceType,
    HashAlgorithm,
    HashType,
    Property,
    XsUri,
)
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import LicenseAcknowledgement, LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL


def sbom(tree: Path, *, commit: str, epoch: int) -> str:
    """Return the SBOM of a source tree as JSON.

    Parameters
    ----------
    commit : str
        What the tree was taken from, recorded so that others can make the same artefacts.
    epoch : int
        The commit's time in seconds since 1970.
    """
    project = tomllib.loads((tree / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    locked = (tree / "requirements" / "run.txt").read_text(encoding="utf-8")
    licences = pins.read_reasons(tree / "requirements" / "pins.toml").licence
    listed = pins.parse_pins(locked)
    root = Component(
        name=project["name"],
        version=project["version"],
        description=project["description"],
        type=ComponentType.APPLICATION,
        bom_ref=_url(project["name"], project["version"]).to_string(),
        purl=_url(project["name"], project["version"]),
        licenses=[_licence(project["license"])],
        properties=[
            Property(name="cautery:commit", value=commit),
            Property(name="cautery:source_date_epoch", value=str(epoch)),
        ],
    )
    components = {(pin.name, pin.version): _component(pin, licences[pin.name]) for pin in listed}
    bom = Bom(
        serial_number=UUID(
            bytes=hashlib.sha256(f"{commit}\n{locked}".encode()).digest()[:16], version=4
        ),
        metadata=BomMetaData(component=root, timestamp=datetime.fromtimestamp(epoch, UTC)),
        components=components.values(),
    )
    asked: dict[str, list[Component]] = {}
    for pin in listed:
        for asker in pin.via:
            asked.setdefault(asker.split(" ")[0], []).append(components[pin.name, pin.version])
    bom.register_dependency(root, asked.get(project["name"], ()))
    for (name, _), component in components.items():
        bom.register_dependency(component, asked.get(name, ()))
    return JsonV1Dot6(bom).output_as_string(indent=2) + "\n"


def check(text: str) -> None:
    """Refuse what is not CycloneDX 1.6 to the letter.

    Raises
    ------
    ValueError
        If the schema does not hold.
    """
    if error := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        raise ValueError(f"the SBOM is not valid CycloneDX 1.6: {error}")


def _component(pin: pins.Pin, licence: str) -> Component:
    url = _url(pin.name, pin.version)
    return Component(
        name=pin.name,
        version=pin.version,
        type=ComponentType.LIBRARY,
        bom_ref=url.to_string(),
        purl=url,
        licenses=[_licence(licence)],
        # One hash for each file of the release (wheels, sdist): pip takes no other.
        external_references=[
            ExternalReference(
                type=ExternalReferenceType.DISTRIBUTION,
                url=XsUri(url.to_string()),
                hashes=[HashType(alg=HashAlgorithm.SHA_256, content=one) for one in pin.hashes],
            )
        ],
        properties=[Property(name="cautery:marker", value=pin.marker)] if pin.marker else (),
    )


def _licence(expression: str) -> LicenseExpression:
    return LicenseExpression(expression, acknowledgement=LicenseAcknowledgement.DECLARED)


def _url(name: str, version: str) -> PackageURL:
    return PackageURL(type="pypi", name=name, version=version)
