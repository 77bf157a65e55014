"""Which clusters does one entry of the configuration name, and what are they called?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from collectors.contract import SourceSettings
from collectors.kubernetes.kubeconfig import each_cluster
from collectors.kubernetes.settings import KubernetesSettings


def written(folder: Path, *contexts: str) -> str:
    """Write a kubeconfig with these contexts, and return its path."""
    path = folder / "kubeconfig"
    path.write_text(
        json.dumps(
            {
                "current-context": contexts[0] if contexts else "",
                "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:1"}}],
                "users": [],
                "contexts": [{"name": one, "context": {"cluster": "c"}} for one in contexts],
            }
        )
    )
    return str(path)


def named(**settings: Any) -> dict[str, str | None]:
    """Give the context of each cluster, by its name."""
    found = {}
    for name, one in each_cluster(KubernetesSettings.model_validate(settings)).items():
        assert isinstance(one, KubernetesSettings)
        assert one.contexts is None
        found[name] = one.context
    return found


def test_one_cluster_is_an_entry_as_it_stands() -> None:
    """Without `contexts` nothing is told apart, and settings of another collector are none of ours."""
    assert named(context="prod") == {}
    assert each_cluster(SourceSettings()) == {}


def test_contexts_are_told_apart_by_names_made_of_theirs(tmp_path: Path) -> None:
    """Those that are listed, without a look at the file; or all that it has."""
    arn = "arn:aws:eks:eu-west-1:1:cluster/prod"
    assert named(contexts=["a", arn]) == {"a": "a", "arn-aws-eks-eu-west-1-1-cluster-prod": arn}
    assert named(contexts="*", kubeconfig=written(tmp_path, "east", "admin@west")) == {
        "east": "east",
        "admin-west": "admin@west",
    }


@pytest.mark.parametrize(
    ("contexts", "words"), [(("a/b", "a:b"), "no name of its own"), (("//",), "no name of its own"), ((), "no context")]
)
def test_contexts_that_cannot_be_told_apart_are_a_mistake(
    tmp_path: Path, contexts: tuple[str, ...], words: str
) -> None:
    """In words."""
    with pytest.raises(ValueError, match=words):
        named(contexts="*", kubeconfig=written(tmp_path, *contexts))


def test_a_kubeconfig_that_is_broken_is_a_mistake(tmp_path: Path) -> None:
    """Where all that it has are asked for. One that is missing is said to be."""
    (tmp_path / "broken").write_text("{")
    with pytest.raises(ValueError, match="cannot be read"):
        named(contexts="*", kubeconfig=str(tmp_path / "broken"))
    with pytest.raises(ValueError, match="there is no such file; set kubeconfig"):
        named(contexts="*", kubeconfig=str(tmp_path / "missing"))
