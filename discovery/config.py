"""What is to be read, how often, and where is it kept? `asbuilt.yaml`, every mistake with its line and column."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator
from pydantic_core import ErrorDetails

from collectors.contract import Plugin, SourceSettings
from discovery.durations import Seconds
from discovery.marks import Mark, Marked, Path, Unreadable, read_marked
from discovery.references import resolved, secret_names
from discovery.registry import BrokenPlugin, Registry, UnknownType
from discovery.source import PARALLEL, RESERVED, STALE_INTERVALS, Source
from graph.stores.configured import FILE
from graph.stores.location import Location, Server, default_location, location_of, placed

_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")

SourceName = Annotated[str, StringConstraints(pattern=_NAME)]


class _Section(BaseModel):
    """A part of the configuration. What it does not know is a mistake, for it may be a misspelled setting."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class StoreSettings(_Section):
    """Where the graph is kept."""

    path: str | None = None
    """The SQLite file; a relative path begins at the configuration file. Else asbuilt/asbuilt.db among user data."""
    url: str | None = None
    """The address of a Neo4j server, in place of a file. Its login is in the environment."""

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if self.path is not None and self.url is not None:
            raise ValueError("has both a path and a url: keep one of them")
        if self.url is not None and not isinstance(location_of(self.url), Server):
            raise ValueError("url takes the address of a Neo4j server, bolt://host:7687; a file goes under path")
        if self.path is not None and isinstance(location_of(self.path), Server):
            raise ValueError("path takes a file; the address of a server goes under url")
        return self


class TokenReference(_Section):
    """Where a token is kept: in a variable of the environment, or in a file."""

    env: str | None = None
    file: str | None = None


class ApiSettings(_Section):
    """Where questions are answered, when `asbuilt run` starts the server."""

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    tokens: list[TokenReference] = Field(default_factory=list)
    """Who shows one of these may ask. None: whoever is on this machine."""


class MetricsSettings(_Section):
    """Where the discovery process shows its metrics."""

    host: str = "127.0.0.1"
    port: int | None = Field(default=None, ge=1, le=65535)
    """Served only where a port is given."""


class SourceEntry(BaseModel):
    """What every source may set. The rest is its collector's, and validated by it."""

    model_config = ConfigDict(extra="allow", frozen=True)

    type: str
    """Which collector reads it."""
    interval: Seconds = 60.0
    """From one look to the next."""
    stale_after: Seconds | None = None
    """How long a scope may fail until it counts as unreadable; three intervals by default."""
    deadline: Seconds = 600.0
    """How long one look may take."""
    parallel: int | None = Field(default=None, ge=1, le=64)
    """How many scopes are read side by side; by default what the collector thinks right."""
    watch: bool = True
    """Hear of changes as they happen, where the collector can; else the source is only polled."""


class Settings(_Section):
    """Everything that `asbuilt.yaml` may say."""

    store: StoreSettings = StoreSettings()
    api: ApiSettings = ApiSettings()
    metrics: MetricsSettings = MetricsSettings()
    sources: dict[SourceName, SourceEntry] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake in a configuration file, and where it stands."""

    mark: Mark
    setting: str
    message: str


class InvalidConfiguration(Exception):
    """The configuration cannot be used. It says everything that is wrong, each with its place, as file:line:column."""

    def __init__(self, file: str, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        told = (
            f"{file}:{one.mark.line}:{one.mark.column}: {one.setting}{': ' if one.setting else ''}{one.message}"
            for one in self.problems
        )
        super().__init__("\n".join(told))


@dataclass(frozen=True, slots=True)
class Configuration:
    """A valid configuration. file: where it was read; None where there is none, and defaults stand."""

    settings: Settings = field(default_factory=Settings)
    sources: tuple[Source, ...] = ()
    file: FilePath | None = None

    def token_references(self) -> list[str]:
        """Give where the tokens of the API are kept, as `serve --token` takes it: `env:NAME` or `file:PATH`."""
        folder = self.file.parent if self.file else FilePath()
        return [
            f"env:{token.env}" if token.env else f"file:{(folder / FilePath(token.file or '').expanduser()).absolute()}"
            for token in self.settings.api.tokens
        ]

    def location(self, given: str | None = None) -> Location:
        """Say where the store is: as given on the command line, else as configured, else as everybody finds it.

        Raise NoLocation where what was given is no such place.
        """
        if given:
            return location_of(given)
        store, folder = self.settings.store, self.file.parent if self.file else FilePath()
        return placed(store.url, store.path, folder) or default_location()


def load(given: str | None, registry: Registry) -> Configuration:
    """Read and validate the configuration, or raise InvalidConfiguration with all that is wrong.

    given: the file that the user named. Without one `asbuilt.yaml` of the working directory is read, where it exists.
    """
    file = FilePath(given).expanduser() if given else FilePath(FILE)
    if not given and not file.exists():
        return Configuration()
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = (
            "does not exist" if isinstance(error, FileNotFoundError) else f"cannot be read ({type(error).__name__})"
        )
        told = f"the configuration file {reason}: correct --config or ASBUILT_CONFIG"
        raise InvalidConfiguration(str(file), [Problem(Mark(1, 1), "", told)]) from None
    return parse(text, file, registry)


def parse(text: str, file: FilePath, registry: Registry) -> Configuration:
    """Validate the text of a configuration file."""
    try:
        marked = read_marked(text)
    except Unreadable as error:
        raise InvalidConfiguration(str(file), [Problem(error.mark, "", str(error))]) from None
    reading = _Validation(marked, file, registry)
    configuration = reading.configuration()
    if reading.problems or configuration is None:
        raise InvalidConfiguration(str(file), reading.problems)
    return configuration


class _Validation:
    """One reading of one file: collects everything that is wrong before it gives up."""

    def __init__(self, marked: Marked, file: FilePath, registry: Registry) -> None:
        self.problems: list[Problem] = []
        self._refused: list[Path] = []
        self._marked = marked
        self._file = file
        self._registry = registry

    def configuration(self) -> Configuration | None:
        data = {} if self._marked.data is None else self._marked.data
        if not isinstance(data, Mapping):
            self._complain((), f"is no configuration: write settings such as `sources:` ({_known(Settings)})")
            return None
        plugins = self._plugins(data.get("sources"))
        plain = {name: value for name, value in data.items() if name != "sources" and value is not None}
        for name, value in plain.items():  # tokens are handed on as references: here they are only tried
            resolved(value, (name,), frozenset(), self._file.parent, self._refuse)
        raw = self._resolved_sources(data.get("sources"), plugins)
        settings = self._validated(Settings, plain | {"sources": self._common_part(raw, plugins)}, ())
        sources = self._sources(raw, settings, plugins)
        return None if settings is None else Configuration(settings, sources, self._file)

    def _plugins(self, sources: Any) -> dict[str, Plugin]:
        """Find the collector of each source; complain about types that are unknown or broken."""
        found = {}
        for name, entry in (sources if isinstance(sources, Mapping) else {}).items():
            type_ = entry.get("type") if isinstance(entry, Mapping) else None
            if name in RESERVED:
                self._complain(("sources", name), "is a name that Asbuilt keeps for itself: choose another")
            if not isinstance(type_, str):
                continue  # the model complains
            try:
                found[name] = self._registry.plugin(type_)
            except (UnknownType, BrokenPlugin) as error:
                self._complain(("sources", name, "type"), str(error), at_value=True)
        return found

    def _resolved_sources(self, sources: Any, plugins: Mapping[str, Plugin]) -> Any:
        if sources is None:
            return {}
        if not isinstance(sources, Mapping):
            return sources
        folder = self._file.parent
        return {
            name: resolved(
                entry,
                ("sources", name),
                secret_names(plugins[name].settings) if name in plugins else frozenset(),
                folder,
                self._refuse,
            )
            for name, entry in sources.items()
        }

    def _common_part(self, raw: Any, plugins: Mapping[str, Plugin]) -> Any:
        """Give of each source what its collector does not validate; so secrets of collectors stay with them."""
        if not isinstance(raw, Mapping):
            return raw
        common = SourceEntry.model_fields
        return {
            name: {one: value for one, value in entry.items() if one in common} if name in plugins else entry
            for name, entry in raw.items()
        }

    def _sources(self, raw: Any, settings: Settings | None, plugins: Mapping[str, Plugin]) -> tuple[Source, ...]:
        sources: dict[str, Source] = {}
        for entered, plugin in plugins.items():
            own = collector_part(plugin, raw[entered])
            validated = self._validated(plugin.settings, own, ("sources", entered))
            entry = settings.sources.get(entered) if settings is not None else None
            if validated is None or entry is None:
                continue
            for name, one in self._each(entered, plugin, validated).items():
                if name in sources or (name != entered and (name in plugins or not _NAME.fullmatch(name))):
                    self._complain(("sources", entered), f"would be a source {name}, which cannot be: rename one")
                sources[name] = source_of(name, entry, plugin, one)
        return tuple(sources.values())

    def _each(self, entered: str, plugin: Plugin, settings: SourceSettings) -> Mapping[str, SourceSettings]:
        """Give the sources that an entry makes: one of its name, or several that begin with it."""
        try:
            several = plugin.each(settings) if plugin.each is not None else {}
        except ValueError as error:
            self._complain(("sources", entered), str(error))
            return {}
        return {f"{entered}.{name}": one for name, one in several.items()} or {entered: settings}

    def _validated(self, model: type[Any], data: Any, path: Path) -> Any:
        try:
            return model.model_validate(data)
        except ValidationError as error:
            for one in error.errors(include_url=False, include_input=False):
                self._explain(model, one, path)
        return None

    def _explain(self, model: type[BaseModel], error: ErrorDetails, path: Path) -> None:
        deep = (*path, *error["loc"])
        while deep not in self._marked.names and len(deep) > len(path) and error["type"] != "missing":
            deep = deep[:-1]  # pydantic also counts the member of a union as a step
        if any(deep[: len(path)] == path or path[: len(deep)] == deep for path in self._refused):
            return  # said already, and better: a refused secret is left out, and then is not what the model expects
        message = error["msg"].removeprefix("Value error, ")
        if error["type"] in ("model_type", "model_attributes_type", "dict_type"):
            message = "must hold settings: write each as `name: value`, indented below it"
        if error["type"] == "missing":
            message = "is missing: add it"
        elif error["type"] == "extra_forbidden":
            of_source = issubclass(model, SourceSettings)
            known = _known(model if len(path) == len(deep) - 1 else None, SourceEntry if of_source else None)
            message = f"is no setting here{known and f'; known: {known}'}"
        self._complain(deep, message, at_value=error["type"] not in ("missing", "extra_forbidden"))

    def _refuse(self, path: Path, message: str) -> None:
        """Complain about a secret that is none, or leads to none."""
        self._refused.append(path)
        self._complain(path, message)

    def _complain(self, path: Path, message: str, *, at_value: bool = False) -> None:
        mark = self._marked.of_value(path) if at_value else self._marked.of_name(path)
        self.problems.append(Problem(mark, _dotted(path), message))


def _dotted(path: Path) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def _known(*models: type[BaseModel] | None) -> str:
    return ", ".join(sorted({name for model in models if model is not None for name in model.model_fields}))


def collector_part(plugin: Plugin, raw: Mapping[str, Any]) -> dict[str, Any]:
    """Give what a collector's own settings are made of; a common one too, where the collector declares it as well."""
    return {
        name: value
        for name, value in raw.items()
        if name not in SourceEntry.model_fields or (name in plugin.settings.model_fields and value is not None)
    }


def source_of(name: str, entry: SourceEntry, plugin: Plugin, settings: SourceSettings) -> Source:
    """Put a source together from its common settings and those of its collector."""
    parallel = entry.parallel or getattr(settings, "parallel", None)
    return Source(
        name=name,
        plugin=plugin,
        settings=settings,
        interval=entry.interval,
        stale_after=entry.stale_after or STALE_INTERVALS * entry.interval,
        deadline=entry.deadline,
        parallel=parallel if isinstance(parallel, int) else PARALLEL,
        watch=entry.watch,
    )
