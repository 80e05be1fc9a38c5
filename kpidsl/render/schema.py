"""JSON Schemas of the JSON that commands write, for those who read it with other tools."""

from __future__ import annotations

from typing import Any, get_args

from kpidsl.render.data import SCHEMA_VERSION
from kpidsl.render.sheets import NUMBERS

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_INTEGER: Schema = {"type": "integer"}
_NUMBER: Schema = {"type": "number"}
_FLAG: Schema = {"type": "boolean"}
_DATE: Schema = {"type": "string", "format": "date"}


def _maybe(schema: Schema) -> Schema:
    if "$ref" in schema:
        return {"oneOf": [schema, {"type": "null"}]}
    return {**schema, "type": [schema["type"], "null"]}


def _list(of: Schema) -> Schema:
    return {"type": "array", "items": of}


def _record(**properties: Schema) -> Schema:
    """All properties are always there; what has no value is null."""
    return {
        "type": "object",
        "properties": properties,
        "required": sorted(properties),
        "additionalProperties": False,
    }


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _definitions() -> Schema:
    from kpidsl.results import Light, Outlook, Verb

    place = _record(file=_TEXT, line=_INTEGER, column=_INTEGER, end_line=_INTEGER, end_column=_INTEGER)
    verdict: Schema = {
        "word": {"enum": list(get_args(Verb))},
        "light": {"enum": list(get_args(Light))},
        "why": _TEXT,
        "unit": _TEXT,
        "target": _maybe(_TEXT),
        "projected": {"enum": [*get_args(Outlook), None]},
        "days_left": _maybe(_INTEGER),
        "rows": _maybe(_INTEGER),
        "running": _FLAG,
        "final": _FLAG,
        "counts": _FLAG,
        "slice": {"type": "object", "additionalProperties": {"type": ["string", "null"]}},
        "window": _maybe(_ref("window")),
        "deadline": _maybe(_DATE),
        "watermark": _maybe(_DATE),
        **{name: _maybe(_NUMBER) for name in NUMBERS},
    }
    return {
        "place": place,
        "window": _record(label=_TEXT, start=_DATE, end=_DATE),
        "verdict": _record(**verdict),
        "slice": _record(**verdict | {"why": _maybe(_TEXT), "history": _maybe(_list(_ref("verdict")))}),
        "diagnostic": _record(
            code=_TEXT,
            name=_maybe(_TEXT),
            severity={"enum": ["error", "warning", "info"]},
            message=_TEXT,
            place=_maybe(_ref("place")),
            data_place=_maybe(_TEXT),
            labels=_list(_record(place=_ref("place"), text=_TEXT)),
            notes=_list(_TEXT),
            help=_maybe(_TEXT),
            fix=_maybe(_ref("fix")),
            kpi=_maybe(_TEXT),
        ),
        "fix": _record(title=_TEXT, safe=_FLAG, edits=_list(_record(place=_ref("place"), text=_TEXT))),
    }


def evaluation() -> Schema:
    """Of `kpi eval --format json`."""
    about = {
        "owner": _maybe(_TEXT),
        "stakeholders": _list(_TEXT),
        "description": _maybe(_TEXT),
        "stage": _maybe(_TEXT),
        "role": _maybe(_TEXT),
        "draft": _FLAG,
        "deprecated": _FLAG,
        "labels": {"type": "object", "additionalProperties": _TEXT},
        "because": _maybe(_TEXT),
        "formula": _TEXT,
        "hash": _TEXT,
        "place": _ref("place"),
    }
    kpi = _record(
        name=_TEXT,
        title=_TEXT,
        headline=_ref("verdict"),
        slices=_list(_ref("slice")),
        history=_list(_ref("verdict")),
        more={"type": "object", "additionalProperties": _INTEGER},
    )
    kpi["properties"] |= about  # absent for a KPI that could not be compiled
    objective = _record(
        name=_TEXT,
        title=_TEXT,
        owner=_maybe(_TEXT),
        word=_TEXT,
        light=_TEXT,
        why=_TEXT,
        share_met=_maybe(_NUMBER),
        members=_list(
            _record(
                kpi=_TEXT,
                title=_TEXT,
                objective=_FLAG,
                weight=_maybe(_NUMBER),
                share=_maybe(_NUMBER),
                role=_maybe(_TEXT),
                counts=_FLAG,
                word=_TEXT,
                light=_TEXT,
                why=_TEXT,
            )
        ),
    )
    source = _record(
        name=_TEXT,
        rows=_INTEGER,
        first=_maybe(_DATE),
        watermark=_maybe(_DATE),
        stale=_maybe(_TEXT),
        promises=_list(_record(promise=_TEXT, word=_TEXT, otherwise=_TEXT, found=_maybe(_TEXT))),
        problems=_list(_ref("diagnostic")),
    )
    top = {
        "project": _maybe(_TEXT),
        "as_of": _DATE,
        "for": _maybe(_ref("window")),
        "kpis": _list(kpi),
        "objectives": _list(objective),
        "sources": _list(source),
    }
    return _document("kpi eval", top)


def scenarios() -> Schema:
    """Of `kpi whatif`, `kpi solve` and `kpi scenario` with `--format json`."""
    change = _record(kpi=_TEXT, title=_TEXT, before=_ref("verdict"), after=_ref("verdict"), turned=_FLAG)
    objective = _record(name=_TEXT, title=_TEXT, before=_ref("rolled"), after=_ref("rolled"))
    search = _record(
        unknown=_TEXT,
        unit=_TEXT,
        kpi=_TEXT,
        goal=_maybe(_NUMBER),
        goal_unit=_TEXT,
        window=_maybe(_ref("window")),
        present=_maybe(_NUMBER),
        between=_list(_maybe(_NUMBER)),
        solutions=_list(_maybe(_NUMBER)),
        everywhere=_list(_maybe(_NUMBER)),
        least=_maybe(_NUMBER),
        greatest=_maybe(_NUMBER),
        chosen=_maybe(_NUMBER),
        why=_TEXT,
    )
    scenario = _record(
        title=_TEXT,
        as_of=_DATE,
        assumed=_list(_TEXT),
        passed=_FLAG,
        rests=_INTEGER,
        search={"oneOf": [search, {"type": "null"}]},
        changes=_list(change),
        more=_INTEGER,
        note=_maybe(_TEXT),
        objectives=_list(objective),
        expected=_list(_record(text=_TEXT, passed=_FLAG, found=_TEXT)),
        problems=_list(_ref("diagnostic")),
    )
    found = _document("kpi scenario", {"project": _maybe(_TEXT), "scenarios": _list(scenario)})
    found["$defs"]["rolled"] = _record(word=_TEXT, light=_TEXT, why=_TEXT, share_met=_maybe(_NUMBER))
    return found


def findings() -> Schema:
    """Of `kpi lint --format json`."""
    return _document("kpi lint", {})


def checks() -> Schema:
    """Of `kpi ci --format json`."""
    case = _record(
        name=_TEXT,
        file=_TEXT,
        line=_maybe(_INTEGER),
        outcome={"enum": ["passed", "failed", "error", "skipped"]},
    )
    check = _record(
        name=_TEXT,
        code={"enum": [0, 1, 2]},
        said=_maybe(_TEXT),
        cases=_list(case),
        diagnostics=_list(_ref("diagnostic")),
    )
    found = _document("kpi ci", {"code": {"enum": [0, 1, 2]}, "checks": _list(check)})
    del found["properties"]["diagnostics"]
    found["required"].remove("diagnostics")
    return found


def settings() -> Schema:
    """Of `kpi config --format json`."""
    values: Schema = {"type": ["string", "number", "boolean", "array", "null"], "items": {}}
    top = {
        "file": _maybe(_TEXT),
        "extends": _list(_TEXT),
        "root": _TEXT,
        "settings": _list(_record(key=_TEXT, value=values, place=_maybe(_TEXT))),
    }
    return _document("kpi config", top)


def tests() -> Schema:
    """Of `kpi test --format json`."""
    test = _record(
        title=_TEXT,
        place=_ref("place"),
        as_of=_maybe(_DATE),
        word={"enum": ["passed", "failed", "not run"]},
        problems=_list(_ref("diagnostic")),
    )
    coverage = _record(
        share=_NUMBER, least=_maybe(_NUMBER), kpis=_INTEGER, tested=_INTEGER, conditions=_INTEGER
    )
    changes = _record(tried=_INTEGER, noticed=_INTEGER)
    top = {
        "project": _maybe(_TEXT),
        "tests": _list(test),
        "coverage": {"oneOf": [coverage, {"type": "null"}]},
        "changes": {"oneOf": [changes, {"type": "null"}]},
    }
    return _document("kpi test", top)


def change() -> Schema:
    """Of `kpi why --format json`."""
    end = _record(label=_TEXT, start=_DATE, end=_DATE, value=_NUMBER)
    factor = _record(
        name=_TEXT,
        depth=_INTEGER,
        unit=_TEXT,
        before=_maybe(_NUMBER),
        after=_maybe(_NUMBER),
        effect=_NUMBER,
        split={"enum": ["sum", "log-mean", "shapley", None]},
    )
    numbers = ("before", "after", "share_before", "share_after", "rate", "mix", "effect")
    slices = {"type": "object", "additionalProperties": {"type": ["string", "null"]}}
    top = {
        "kpi": _TEXT,
        "title": _TEXT,
        "formula": _TEXT,
        "unit": _TEXT,
        "hash": _maybe(_TEXT),
        "as_of": _DATE,
        "before": end,
        "after": end,
        "change": _NUMBER,
        "sentence": _TEXT,
        "factors": _list(factor),
        "dimensions": _list(_TEXT),
        "slices": _list(_record(slice=slices, **{name: _maybe(_NUMBER) for name in numbers})),
        "rest": _maybe(_NUMBER),
        "notes": _list(_TEXT),
    }
    return _document("kpi why", top)


def comparison() -> Schema:
    """Of `kpi diff --format json`."""
    side = _record(name=_TEXT, commit=_maybe(_TEXT), date=_maybe(_DATE))
    slices = {"type": "object", "additionalProperties": {"type": ["string", "null"]}}
    kpi = _record(
        kpi=_TEXT,
        title=_TEXT,
        slice=slices,
        before=_maybe(_ref("verdict")),
        after=_maybe(_ref("verdict")),
        delta=_maybe(_NUMBER),
        turned=_FLAG,
    )
    objective = _record(name=_TEXT, before=_maybe(_TEXT), after=_maybe(_TEXT))
    values = _record(same=_INTEGER, failed=_INTEGER, kpis=_list(kpi), objectives=_list(objective))
    top = {
        "old": side,
        "new": side,
        "as_of": _DATE,
        "changes": _list(_ref("change")),
        "affected": _list(_TEXT),
        "bump": {"enum": ["major", "minor", "patch", None]},
        "values": {"oneOf": [values, {"type": "null"}]},
    }
    return _with_changes(_document("kpi diff", top))


def breaking() -> Schema:
    """Of `kpi breaking --format json`; null where nothing could be compared."""
    top = {"against": _maybe(_TEXT), "as_of": _maybe(_DATE), "changes": _maybe(_list(_ref("change")))}
    return _with_changes(_document("kpi breaking", top))


def history() -> Schema:
    """Of `kpi history --format json`."""
    changes = _list(_ref("change"))
    commit = _record(commit=_TEXT, date=_DATE, author=_TEXT, subject=_TEXT, changes=changes)
    top = {"kpi": _TEXT, "title": _maybe(_TEXT), "commits": _list(commit)}
    return _with_changes(_document("kpi history", top))


def _with_changes(document: Schema) -> Schema:
    kinds = ["kpi", "objective", "measure", "constant", "source", "period", "calendar"]
    document["$defs"]["change"] = _record(
        kind={"enum": kinds},
        name=_TEXT,
        title=_maybe(_TEXT),
        aspect=_TEXT,
        category={"enum": ["NAME", "VALUE", "TARGET", "DOC"]},
        before=_maybe(_TEXT),
        after=_maybe(_TEXT),
        direction={"enum": ["loosened", "tightened", None]},
        goalposts_moved=_FLAG,
        loud=_FLAG,
        breaking=_FLAG,
        sentence=_TEXT,
        fingerprint=_TEXT,
        place=_maybe(_ref("place")),
    )
    return document


def _document(title: str, top: Schema) -> Schema:
    properties = {
        "schema_version": {"const": SCHEMA_VERSION},
        "diagnostics": _list(_ref("diagnostic")),
        **top,
    }
    schema = "https://json-schema.org/draft/2020-12/schema"
    return {"$schema": schema, "title": title, **_record(**properties), "$defs": _definitions()}
