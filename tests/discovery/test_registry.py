"""Are collectors found by entry point, and is one that cannot be used told by name?"""

from __future__ import annotations

import pytest

from discovery.registry import BrokenPlugin, Registry, UnknownType
from tests.discovery.worlds import World


def broken() -> object:
    """An import that fails."""
    raise ImportError("No module named 'boto3'")


def test_a_plugin_is_loaded_once_and_only_when_asked_for() -> None:
    """A broken collector does not disturb whoever uses another one."""
    loads: list[str] = []

    def load() -> object:
        loads.append("good")
        return World().plugin

    registry = Registry({"good": load, "bad": broken})
    assert registry.plugin("good") is registry.plugin("good")
    assert loads == ["good"]


def test_an_unknown_type_lists_the_known_ones() -> None:
    """A misspelled type is answered with what is installed."""
    with pytest.raises(UnknownType, match="'gud'; installed: bad, good"):
        Registry({"good": lambda: World().plugin, "bad": broken}).plugin("gud")


def test_a_plugin_that_fails_to_import_names_itself() -> None:
    """The message has the type, the reason and the next step."""
    with pytest.raises(BrokenPlugin, match=r"collector 'bad' cannot be imported .ImportError: No module named 'boto3'"):
        Registry({"bad": broken}).plugin("bad")


def test_an_entry_point_that_names_no_plugin_is_told() -> None:
    """What is not a Plugin is refused, whatever it looks like."""
    with pytest.raises(BrokenPlugin, match=r"names a str, not a collectors.contract.Plugin"):
        Registry({"odd": lambda: "plugin"}).plugin("odd")


def test_the_collectors_of_this_distribution_are_found() -> None:
    """Kubernetes and replay come through the same door as anybody's."""
    assert {"kubernetes", "replay"} <= set(Registry.installed().types)
