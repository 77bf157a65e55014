"""Does the truth share no code with what it is compared with?"""

import json
import subprocess
import sys

PRODUCT = {"api", "collectors", "discovery", "graph"}


def test_the_truth_loads_nothing_of_the_product() -> None:
    """Not a module of it, by whatever detour; and nothing of Kubernetes' own client, which the product reads with."""
    loaded = _loaded("tests.truth")
    assert "tests.truth.traffic" in loaded
    assert not {name for name in loaded if name.split(".")[0] in PRODUCT | {"kubernetes"}}


def test_what_does_load_the_product_is_seen() -> None:
    """The comparison itself reads the store, so that the look above would see it."""
    assert "graph.model" in _loaded("tests.endtoend.held")


def _loaded(module: str) -> list[str]:
    code = f"import {module}, json, sys; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    found: list[str] = json.loads(done.stdout)
    return found
