"""Are settings that cannot work refused before anything is asked of a cluster?"""

from typing import Any

import pytest
from pydantic import ValidationError

from collectors.kubernetes import plugin
from collectors.kubernetes.resources import CUSTOM, RESOURCES


@pytest.mark.parametrize(
    "settings",
    [
        {"in_cluster": True, "context": "prod"},
        {"in_cluster": True, "contexts": "*"},
        {"contexts": []},
        {"contexts": "all"},
        {"contexts": ["a", "a"]},
        {"contexts": ["a"], "context": "a"},
        {"contexts": ["a"], "cluster_uid": "c1"},
        {"namespaces": []},
        {"namespaces": ["Shop"]},
        {"namespaces": ["shop", "shop"]},
        {"page_size": 0},
        {"read_timeout": 0},
        {"password": "hunter22"},
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, Any]) -> None:
    """Two ways in at once, names that no namespace has, nonsense numbers, and words that are none."""
    with pytest.raises(ValidationError):
        plugin.settings.model_validate(settings)


def test_nothing_needs_to_be_set() -> None:
    """A kubeconfig's current context is enough."""
    assert plugin.settings.model_validate({}) is not None


def test_the_hash_key_does_not_show() -> None:
    """Not when settings are printed, either."""
    assert "canary-key" not in repr(plugin.settings.model_validate({"hash_key": "canary-key"}))


def test_permissions_name_every_resource_and_only_reading() -> None:
    """Two for each resource, with a reason; nothing but get, list and watch."""
    asked = {f"{verb} {resource.name}" for resource in (*RESOURCES, *CUSTOM) for verb in ("list", "watch")}
    assert asked <= set(plugin.permissions)
    assert {permission.split()[0] for permission in plugin.permissions} == {"get", "list", "watch"}
    assert all(plugin.permissions.values())
