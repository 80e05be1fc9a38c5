"""The config of a project: the nearest `kpi.toml`, or `[tool.kpidsl]` of a `pyproject.toml`, upward from a
path.

    as_of = "2026-10-15"          # default: today
    fail_on = ["missed"]          # what makes `kpi eval` end in 1
    exclude = ["vendor"]          # what no folder that is given is searched for
    extend = "../kpi.toml"        # what holds where this file says nothing

    [project] name = "Atelier Lumen"

    [connections.shop] url = "postgresql://reader:${SHOP_PASSWORD}@db/shop"   # ${...} from the environment
    only, never shown

    [limits] memory = "2GB" threads = 4 spill = "/mnt/scratch" spill_size = "50GB" timeout = "5m"

    [incremental] on = true       # read only what is new, see docs/data.md

    [lint] ignore = ["style"]     # see kpidsl.lintconfig

Files are never merged, unless one says that it extends another. The folder of the config is the fence: specs
read files below it only. An unknown key is an error: a key that means nothing is a wish that nobody hears.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, unquote

from attrs import asdict, define, evolve, field, frozen

from kpidsl import lintconfig, plumbing, settings
from kpidsl.diagnostics import Diagnostic, Report, Severity, Source, Span, near
from kpidsl.lintconfig import LintConfig
from kpidsl.patterns import foreign, matches
from kpidsl.settings import Document, Settings

FAIL_ON = ("missed", "off-track", "nearly-met", "at-risk", "grey", "never")
T = TypeVar("T")
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_DURATION = re.compile(
    r"(?:(\d+(?:\.\d+)?) ?(?:h|hours?))? ?(?:(\d+(?:\.\d+)?) ?(?:m|min|minutes?))?"
    r" ?(?:(\d+(?:\.\d+)?) ?(?:s|sec|seconds?))?"
)
_LONGEST = 7 * 24 * 3600
_LOGIN = re.compile(r"[a-z][a-z0-9+.-]*://.*@", re.IGNORECASE | re.DOTALL)
_OPTION = re.compile(r"[?&;](?:password|token|secret)=([^&;#]+)", re.IGNORECASE)
_MEMORY = re.compile(r"[1-9]\d{0,5}(\.\d+)? ?([KMGT]i?B|%)")
_TOP = ("project", "connections", "limits", "incremental", "lint", "as_of", "fail_on", "exclude", "extend")
_PATTERNS = 'a list of patterns, as in exclude = ["vendor", "drafts/*.kpi"]'


@frozen
class Connection:
    """A database that specs may name. The url is a secret as soon as its variables are filled in."""

    name: str
    template: str = field(repr=False)
    file: str

    def url(self, environment: Mapping[str, str] = os.environ) -> str | Diagnostic:
        """The url with its variables filled in, or what says which one is missing."""
        missing = [name for name in _VARIABLE.findall(self.template) if name not in environment]
        if missing:
            return Diagnostic(
                "K704",
                f"the url of the connection `{self.name}` needs the environment variable `{missing[0]}`",
                place=f"{self.file}: connections.{self.name}.url",
                help=f"set `{missing[0]}` before the command is run",
            )
        login = _LOGIN.match(self.template)
        end = login.end() if login else 0
        return _VARIABLE.sub(
            lambda found: (
                quote(environment[found[1]], safe="") if found.start() < end else environment[found[1]]
            ),
            self.template,
        )

    def secrets(self, environment: Mapping[str, str] = os.environ) -> frozenset[str]:
        """What no output may show: the values of all variables, as they are and as urls have them, and a
        password that is written out."""
        found = {environment[name] for name in _VARIABLE.findall(self.template) if name in environment}
        for value in tuple(found):  # a variable may hold a whole url
            found |= _passwords(value)
        found |= _passwords(_VARIABLE.sub("", self.template))
        found |= {unquote(value) for value in found}
        return frozenset(text for text in (*found, *(quote(value, safe="") for value in found)) if text)

    @property
    def written_out(self) -> bool:
        """Whether there is a password in the url itself."""
        return bool(_passwords(_VARIABLE.sub("", self.template)))


def _passwords(url: str) -> set[str]:
    """The passwords in a url: behind the user, up to the last `@` of the login, or as an option."""
    found = set(_OPTION.findall(url))
    if (login := _LOGIN.match(url)) and ":" in (inside := login[0].partition("://")[2][:-1]):
        found.add(inside.partition(":")[2])
    # a sign that had to be escaped makes drivers take a part for the host, and name it
    parts = {part for each in found for part in re.split("[/?#:@]", each) if len(part) > 3}
    return {each for each in found | parts if each}


def without_passwords(template: str) -> str:
    """A url as it is written, with its variables, and without what is written out of a password."""
    login = _LOGIN.match(template)
    if login is not None:
        scheme, _, inside = login[0].partition("://")
        user, _, password = inside[:-1].partition(":")
        if _VARIABLE.sub("", password):
            template = f"{scheme}://{user}:***@{template[login.end() :]}"
    return _OPTION.sub(lambda found: _masked(found[0], found[1]), template)


def _masked(option: str, value: str) -> str:
    return option.removesuffix(value) + "***" if _VARIABLE.sub("", value) else option


@frozen
class Limits:
    """What an evaluation may take; None leaves it to the engine."""

    memory: str | None = None
    """A DuckDB size such as `2GB` or `60%`."""
    threads: int | None = None
    copied_rows: int | None = None
    """Of a source that is copied to where those of another engine are."""
    spill: Path | None = None
    """The folder that temporary files are written below; the system's by default."""
    spill_size: str | None = None
    timeout: float | None = None
    """Seconds."""

    def over(self, other: Limits) -> Limits:
        """These, and the other's where these say nothing."""
        own = {name: value for name, value in asdict(self, recurse=False).items() if value is not None}
        return evolve(other, **own)


UNLIMITED = Limits()


@frozen
class Incremental:
    """Whether only files that are new or changed are read, and where the parts of the others are kept."""

    on: bool = False
    store: str = ".kpidsl/cells.duckdb"
    """Relative to the folder of the config."""


@frozen
class Setting:
    """A key that could be set, and what holds of it."""

    key: tuple[str, ...]
    value: Any = field(repr=False)
    """As TOML has it; None where there is neither a value nor a default."""
    place: str | None = None
    """File and line that say so; None for a default."""


@frozen
class Config:
    """What the config says. `root` is the folder that specs may read below."""

    root: Path
    file: Path | None = None
    name: str | None = None
    as_of: date | None = None
    fail_on: tuple[str, ...] = ()
    connections: Mapping[str, Connection] = field(factory=dict)
    limits: Limits = UNLIMITED
    incremental: Incremental = Incremental()
    lint: LintConfig = field(factory=LintConfig)
    exclude: tuple[str, ...] = ()
    """Patterns of paths below the root that are no part of the project."""
    extends: tuple[str, ...] = ()
    """The files that the config rests on besides its own, the nearest first."""
    settings: tuple[Setting, ...] = ()

    def excludes(self, path: Path) -> bool:
        """Whether a file is one of those that are left out."""
        return bool(self.exclude) and matches(self.exclude, path, self.root)


def load(paths: Sequence[str], report: Report) -> Config:
    """The config that holds for the first of some paths.

    Where there is none: defaults, with the git top level as root, else the folder that holds all paths.
    What is wrong with a config goes into the report; the rest of it still holds.
    """
    given = [Path(path).absolute() for path in paths if path != "-"] or [Path.cwd()]
    start = given[0] if given[0].is_dir() else given[0].parent
    for folder in (start, *start.parents):
        for file in (folder / "kpi.toml", folder / settings.NAME):
            if file.is_file() and (document := settings.read(file, report)) is not None:
                return _Reader(settings.extended(document, report), report).config(file.parent, file)
    folders = [path if path.is_dir() else path.parent for path in given]
    root = plumbing.top(start) or Path(os.path.commonpath(folders))
    nothing = Document(root / "kpi.toml", Source("kpi.toml", ""))
    return _Reader(settings.extended(nothing, report), report).config(root, None)


def excluded(file: Path, text: str) -> Callable[[Path], bool]:
    """What a config leaves out that is only a text, as in a commit; nothing where it cannot be read."""
    document = settings.parsed(file, text, Report())
    said = settings.extended(document, Report()).data.get("exclude") if document is not None else None
    return Config(file.parent, exclude=_patterns(said) or ()).excludes


@define
class _Reader:
    """Takes a table apart, key by key, and reports what does not fit."""

    settings: Settings
    report: Report
    known: list[Setting] = field(factory=list)

    def config(self, root: Path, file: Path | None) -> Config:
        top = self.keys((), self.settings.data, _TOP)
        project = self.keys(("project",), top.get("project", {}), ("name",))
        self.value(("extend",), top, lambda value: value, "the path of a TOML file")  # heard already
        found = Config(
            root=root,
            file=file,
            name=self.value(("project", "name"), project, _text, 'a text, as in name = "Atelier Lumen"'),
            as_of=self.value(("as_of",), top, _date, 'a date, as in as_of = "2026-10-15"'),
            fail_on=self.value(("fail_on",), top, _fail_on, f"a list of: {', '.join(FAIL_ON)}", []) or (),
            connections=self.connections(top.get("connections", {})),
            limits=self.limits(top.get("limits", {})),
            incremental=self.incremental(top.get("incremental", {})),
            lint=lintconfig.read(self, top.get("lint", {})),
            exclude=self.exclude(top),
            extends=tuple(document.source.name for document in self.settings.documents[1:]),
        )
        return evolve(found, settings=tuple(self.known))

    def exclude(self, top: Mapping[str, Any]) -> tuple[str, ...]:
        """The patterns of files that are left out."""
        found = self.value(("exclude",), top, _patterns, _PATTERNS, []) or ()
        for pattern in found:
            self.pattern(("exclude",), pattern)
        return found

    def pattern(self, path: tuple[str, ...], pattern: str) -> None:
        """Tell of a sign that means something elsewhere, and here only itself."""
        if sign := foreign(pattern):
            said = f"the pattern `{pattern}` has `{sign}`, which is no wildcard here"
            self.wrong(path, said, "wildcards are `*`, `?` and `**`; nothing is taken back by `!`")

    def connections(self, data: Any) -> dict[str, Connection]:
        found = {}
        for name, table in self.keys(("connections",), data, None).items():
            keys = self.keys(("connections", name), table, ("url",))
            url = self.value(
                ("connections", name, "url"), keys, _text, 'a text, as in url = "postgresql://reader@db/shop"'
            )
            if url is not None:
                home = self.settings.home(("connections", name, "url"))
                found[name] = Connection(name, url, home.source.name)
                if found[name].written_out:
                    self.written_out(("connections", name, "url"))
            elif "url" not in keys and isinstance(table, dict):
                self.wrong(("connections", name), f"the connection `{name}` has no url")
        return found

    def written_out(self, path: tuple[str, ...]) -> None:
        message = f"the url of the connection `{path[1]}` has its password written out"
        help_ = f"a variable of the environment in its place: `${{{path[1].upper()}_PASSWORD}}`"
        self.report.add(self.told("K706", message, path, help_, Severity.WARNING))

    def limits(self, data: Any) -> Limits:
        keys = self.keys(("limits",), data, tuple(LIMITS))
        found = {
            key: self.value(("limits", key), keys, read, wanted) for key, (read, wanted) in LIMITS.items()
        }
        if found["spill"] is not None:  # a relative folder is one beside the config
            found["spill"] = self.settings.home(("limits", "spill")).file.parent / found["spill"]
        return Limits(**found)

    def incremental(self, data: Any) -> Incremental:
        keys = self.keys(("incremental",), data, ("on", "store"))
        default = Incremental()
        on = self.value(("incremental", "on"), keys, _yes_or_no, "true or false", default.on)
        wanted = f'the path of a file, as in store = "{default.store}"'
        store = self.value(("incremental", "store"), keys, _text, wanted, default.store)
        return Incremental(default.on if on is None else on, store or default.store)

    def keys(self, path: tuple[str, ...], data: Any, known: Iterable[str] | None) -> dict[str, Any]:
        """The table at a path, after its unknown keys are reported and taken away."""
        if not isinstance(data, dict):
            self.wrong(path, f"`{'.'.join(path)}` is {_kind(data)}", f"it is a table: [{'.'.join(path)}]")
            return {}
        for key in data:
            if known is not None and key not in known:
                self.unknown((*path, key), tuple(known))
        return {key: value for key, value in data.items() if known is None or key in known}

    def value(
        self,
        path: tuple[str, ...],
        table: Mapping[str, Any],
        read: Callable[[Any], T | None],
        wanted: str,
        default: object = None,
    ) -> T | None:
        """The value of a key, None if it is absent or (reported) not what is wanted. The
        default is what `kpi config` shows."""
        found = read(table[path[-1]]) if path[-1] in table else None
        if found is not None:
            self.known.append(Setting(path, table[path[-1]], self.line(path)))
            return found
        self.known.append(Setting(path, default))
        if path[-1] in table:
            shown = f": {table[path[-1]]!r}" if path[-1] != "url" else ""
            self.wrong(path, f"`{'.'.join(path)}` is {_kind(table[path[-1]])}{shown}", f"it is {wanted}")
        return None

    @property
    def sources(self) -> tuple[Source, ...]:
        """The documents, the nearest first."""
        return tuple(document.source for document in self.settings.documents)

    def place(self, path: tuple[str, ...]) -> Span | None:
        """Where a key stands; None of a document that is not to be shown."""
        home = self.settings.home(path)
        return home.place(path) if home.quoted else None

    def line(self, path: tuple[str, ...]) -> str:
        """File and line of a key."""
        document = self.settings.home(path)
        return f"{document.source.name}:{document.place(path).line}"

    def unknown(self, path: tuple[str, ...], known: tuple[str, ...]) -> None:
        name = ".".join(path)
        alike = near(path[-1], known)
        elsewhere = len(path) > 1 and path[-1] in ("as_of", "fail_on", "exclude", "extend")
        if elsewhere:
            hint = f"`{path[-1]}` stands at the top, before the first [table]"
        elif alike:
            hint = f"a key with a similar name: `{alike[0]}`"
        else:
            hint = f"known keys: {', '.join(f'`{key}`' for key in known)}"
        self.report.add(self.told("K702", f"unknown key `{name}`", path, hint))

    def wrong(self, path: tuple[str, ...], message: str, wanted: str | None = None) -> None:
        self.report.add(self.told("K703", message, path, wanted))

    def told(
        self,
        code: str,
        message: str,
        path: tuple[str, ...],
        help_: str | None,
        severity: Severity | None = None,
    ) -> Diagnostic:
        """What is wrong with a key. No line is shown that may hold a password."""
        document, severity = self.settings.home(path), severity or Severity.ERROR
        span, text = document.place(path), document.source.text
        line = text.count("\n", 0, span.start)
        shown = document.quoted and "://" not in (text.splitlines() or [""])[line]
        if path[-1] != "url" and shown:
            return Diagnostic(code, message, span, severity, help=help_)
        place = f"{document.source.name}:{line + 1}"
        return Diagnostic(code, message, None, severity, help=help_, place=place)


def _kind(value: Any) -> str:
    """What a value is, in the words of TOML."""
    match value:
        case bool():
            return "a boolean"
        case str():
            return "a text"
        case int() | float():
            return "a number"
        case dict():
            return "a table"
        case list():
            return "a list"
        case _:
            return "a date or time"


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _date(value: Any) -> date | None:
    """A date of TOML, or a text in ISO form: people write both."""
    if type(value) is date:
        return value
    try:
        return date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else None
    except ValueError:
        return None


def _fail_on(value: Any) -> tuple[str, ...] | None:
    fits = isinstance(value, list) and all(isinstance(v, str) and v in FAIL_ON for v in value)
    return tuple(value) if fits else None


def _patterns(value: Any) -> tuple[str, ...] | None:
    fits = isinstance(value, list) and all(isinstance(v, str) and v.strip("/ ") for v in value)
    return tuple(value) if fits else None


def _memory(value: Any) -> str | None:
    if not isinstance(value, str) or not _MEMORY.fullmatch(value):
        return None
    return None if value.endswith("%") and float(value[:-1]) > 100 else value


def _yes_or_no(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _rows(value: Any) -> int | None:
    return value if type(value) is int and value >= 0 else None


def _threads(value: Any) -> int | None:
    return value if type(value) is int and 1 <= value <= 1024 else None


def _size(value: Any) -> str | None:
    return None if str(value).endswith("%") else _memory(value)


def _folder(value: Any) -> Path | None:
    text = _text(value)
    return Path(text) if text and "\0" not in text else None


def _duration(value: Any) -> float | None:
    """Seconds, from `30s`, `5 min` or `1h 30m`."""
    found = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None or not value.strip():
        return None
    seconds = sum(float(part or 0) * unit for part, unit in zip(found.groups(), (3600, 60, 1), strict=True))
    return seconds if 0 < seconds <= _LONGEST else None


LIMITS: Mapping[str, tuple[Callable[[Any], Any], str]] = {
    "memory": (_memory, 'an amount, as in memory = "2GB" or "60%"'),
    "threads": (_threads, "a number from 1 to 1024"),
    "copied_rows": (_rows, "a whole number of rows, as in copied_rows = 5_000_000"),
    "spill": (_folder, 'a folder, as in spill = "/mnt/scratch"'),
    "spill_size": (_size, 'an amount, as in spill_size = "50GB"'),
    "timeout": (_duration, 'a time with its unit, up to 7 days, as in timeout = "30s", "5m" or "1h 30m"'),
}
"""How the value of each limit is read, None if it is wrong, and what it is."""
