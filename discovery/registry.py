"""Which collectors are there? Those that installed packages name under the entry point group `asbuilt.collectors`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import entry_points

import structlog

from collectors.contract import Plugin

GROUP = "asbuilt.collectors"

log = structlog.get_logger("asbuilt.registry")


class UnknownType(Exception):
    """No installed package brings a collector of that type."""


class BrokenPlugin(Exception):
    """A collector is installed and cannot be used."""


class Registry:
    """Collectors by type. Each is imported when it is first asked for, so that a broken one harms nobody else."""

    def __init__(self, loaders: Mapping[str, Callable[[], object]]) -> None:
        self._loaders = dict(loaders)
        self._loaded: dict[str, Plugin] = {}

    @classmethod
    def installed(cls) -> Registry:
        """Find the collectors of every installed package."""
        return cls({entry.name: entry.load for entry in entry_points(group=GROUP)})

    @property
    def types(self) -> tuple[str, ...]:
        """The types that may stand in the configuration, sorted."""
        return tuple(sorted(self._loaders))

    def plugin(self, type_: str) -> Plugin:
        """Give the collector of a type. Raise UnknownType, or BrokenPlugin where it cannot be imported."""
        if type_ not in self._loaders:
            known = ", ".join(self.types) or "none"
            raise UnknownType(f"there is no collector of type '{type_}'; installed: {known}")
        if type_ not in self._loaded:
            self._loaded[type_] = self._load(type_)
        return self._loaded[type_]

    def _load(self, type_: str) -> Plugin:
        try:
            plugin = self._loaders[type_]()
        except Exception as error:
            log.debug("collector cannot be imported", type=type_, exc_info=True)
            raise BrokenPlugin(
                f"the collector '{type_}' cannot be imported ({type(error).__name__}: {error}):"
                " reinstall the package that brings it"
            ) from error
        if not isinstance(plugin, Plugin):
            raise BrokenPlugin(
                f"the entry point '{type_}' of {GROUP} names a {type(plugin).__name__}, not a"
                " collectors.contract.Plugin: correct it in the package that brings it"
            )
        return plugin
