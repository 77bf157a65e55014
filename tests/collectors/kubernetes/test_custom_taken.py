"""What of a value that a user's row keeps is a secret by its name, and taken out?"""

from __future__ import annotations

from typing import Any

import pytest

from tests.collectors.kubernetes.memory_api import sample
from tests.collectors.kubernetes.test_custom import WIDGETS, told
from tests.collectors.kubernetes.test_mapping_pods import subject


def test_what_is_named_like_a_secret_is_taken_out_of_what_is_kept() -> None:
    """However deep it lies: a row may name a part of a spec in good faith."""
    item = sample(WIDGETS)
    item["spec"]["login"] = {
        "user": "web",
        "password": "canary-deep",
        "secretName": "web",
        "list": [{"token": "canary"}],
    }
    said = told("example.org", "Widget", item, {"attributes": {"login": "spec.login"}})
    raw = subject(said).attributes["raw"]
    assert isinstance(raw, dict)
    assert raw["login"] == {
        "user": "web",
        "password": "[removed]",
        "secretName": "web",
        "list": [{"token": "[removed]"}],
    }


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ({"passwords": ["canary"]}, {"passwords": ["[removed]"]}),
        (
            {"credentials": {"name": "web", "id": "canary", "tokenRef": {"name": "a", "key": "b"}}},
            {"credentials": {"name": "web", "id": "[removed]", "tokenRef": {"name": "a", "key": "b"}}},
        ),
        ([{"key": "DB_PASSWORD", "value": "canary"}], [{"key": "DB_PASSWORD", "value": "[removed]"}]),
        (
            [{"name": "Authorization", "values": ["canary"]}, {"name": "accept", "values": ["text"]}],
            [{"name": "Authorization", "values": ["[removed]"]}, {"name": "accept", "values": ["text"]}],
        ),
        (
            {"manifest": {"kind": "Secret", "metadata": {"name": "a"}, "stringData": {"a": "canary"}}},
            {"manifest": {"kind": "Secret", "metadata": {"name": "a"}, "stringData": {"a": "[removed]"}}},
        ),
        (["run", "--password", "canary", "-v"], ["run", "--password", "[removed]", "-v"]),
    ],
)
def test_what_stands_under_beside_or_behind_such_a_name_is_taken_out(value: Any, kept: Any) -> None:
    """Lists and maps as well as texts; what only names a secret stays."""
    item = sample(WIDGETS)
    item["spec"]["login"] = value
    raw = subject(told("example.org", "Widget", item, {"attributes": {"login": "spec.login"}})).attributes["raw"]
    assert isinstance(raw, dict)
    assert raw["login"] == kept


def test_a_path_to_values_alone_takes_out_what_is_named_so_beside_them() -> None:
    """Though what is kept does not say the name itself."""
    item = sample(WIDGETS)
    item["spec"]["env"] = [{"name": "LEVEL", "value": "debug"}, {"name": "DB_PASSWORD", "value": "canary"}]
    raw = subject(told("example.org", "Widget", item, {"attributes": {"env": "spec.env[*].value"}})).attributes["raw"]
    assert isinstance(raw, dict)
    assert raw["env"] == ["debug", "[removed]"]
