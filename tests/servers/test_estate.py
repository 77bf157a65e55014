"""Is the demo estate what it says it is, before any server sees it?"""

import json
import re

from tests.servers import estate


def test_every_secret_value_is_a_canary() -> None:
    """So that a search for the canaries proves that none leaked."""
    secrets = [made for made in estate.manifests() if made["kind"] == "Secret"]
    values = [value for secret in secrets for value in secret["stringData"].values()]
    assert len(values) >= 8
    assert all("canary-" in value for value in values)


def test_canaries_are_nothing_but_values() -> None:
    """No name, label or image contains one: a hit is a leak."""
    for made in estate.manifests():
        names = json.dumps([made["metadata"]["name"], made["metadata"].get("labels"), made["kind"]])
        images = re.findall(r'"image": "([^"]+)"', json.dumps(made))
        assert not any(canary in text for canary in estate.CANARIES for text in [names, *images])


def test_what_is_missing_is_missing() -> None:
    """The two names that nothing declares are named, and not declared."""
    declared = {
        (made["kind"], made["metadata"].get("namespace"), made["metadata"]["name"]) for made in estate.manifests()
    }
    text = json.dumps(estate.manifests())
    for kind, (namespace, name) in (("ConfigMap", estate.MISSING_CONFIG_MAP), ("Service", estate.MISSING_SERVICE)):
        assert name in text
        assert (kind, namespace, name) not in declared


def test_each_call_gives_fresh_manifests() -> None:
    """A test that changes one changes nobody else's."""
    estate.manifest("Deployment", "cart")["spec"]["replicas"] = 99
    assert estate.manifest("Deployment", "cart")["spec"]["replicas"] == 2
