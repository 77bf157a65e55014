"""Is a row that cannot work refused, at its line? And is every object read anew when the rows change?"""

from pathlib import Path
from typing import Any

import pytest

from collectors.kubernetes import plugin
from collectors.kubernetes.custom.paths import Found, beside, find, steps
from discovery.config import InvalidConfiguration, parse
from discovery.registry import Registry
from discovery.source import Source
from tests.collectors.kubernetes.memory_api import WIDGET

HEAD = """\
sources:
  prod:
    type: kubernetes
    custom_resources:
    - group: example.org
      kind: Widget
"""


@pytest.mark.parametrize(
    ("rest", "place", "words"),
    [
        ("      attributes: {size: spec..size}\n", "7:26", "'spec..size' is no path"),
        ("      attributes: {login: spec.password}\n", "7:27", "named like a secret"),
        ("      attributes: {login: spec.password.value}\n", "7:27", "leads to what is named like a secret"),
        (
            "      references:\n      - {path: spec.db, kind: Service, slot: [/spec.token]}\n",
            "8:47",
            "leads to what is named like a secret",
        ),
        ("      attributes: {owners: spec.owners}\n", "7:28", "keeps for itself"),
        (
            "      attributes: {size: spec.size}\n      state: {size: status.size}\n",
            "5:7",
            "stands under attributes and",
        ),
        ("      referents: []\n", "7:7", "is no setting here"),
        ("      references:\n      - {path: spec.db}\n", "8:9", "does not say what is named"),
        (
            "      references:\n      - {path: spec.db, kind: Secret, verb: EATS}\n",
            "8:9",
            "verb EATS is none; known: DECL",
        ),
        ("      references:\n      - {path: spec.db, kind: Secret, verb: REALIZED_BY}\n", "5:7", "is not for rows"),
        ("      references:\n      - {path: spec.db, kind: secret}\n", "8:31", "is no"),
        ("      references:\n      - {path: spec.arn, alias: aws.arn}\n", "8:9", "to takes the kinds"),
        (
            "      references:\n      - {path: spec.arn, alias: aws.arn, to: [aws.iam.role], verb: ROUTES_TO}\n",
            "8:9",
            "an alias may lead elsewhere",
        ),
        ("      references:\n      - {path: spec.id, kind: Secret, pattern: i-.*}\n", "8:48", "needs one group"),
        (
            "      references:\n      - {path: spec.app, kind: Deployment}\n",
            "5:7",
            "Deployment alone is no kind that is read: write it with its group, as Deployment.apps",
        ),
        ("      references:\n      - {path: spec.app, kind: Tenant}\n", "5:7", "as Tenant.example.com"),
        ("    - {group: apps, kind: Deployment}\n", "7:15", "is no"),
        ("    - {group: networking.k8s.io, kind: Ingress}\n", "7:7", "is read already, by code of its own"),
        ("    - {group: keda.sh, kind: ScaledJob, state: {a: status.a}}\n", "7:7", "to which state cannot be added"),
        ("    - {group: example.org, kind: Widget}\n", "2:3", "two rows for one kind"),
    ],
)
def test_a_row_that_cannot_work_is_refused_at_its_line(rest: str, place: str, words: str) -> None:
    """With the next step, and before anything is asked of a cluster."""
    with pytest.raises(InvalidConfiguration) as caught:
        parse(HEAD + rest, Path("asbuilt.yaml"), Registry.installed())
    [problem] = caught.value.problems
    assert words in problem.message
    assert f"{problem.mark.line}:{problem.mark.column}" == place


def test_a_row_may_be_added_and_everything_is_read_anew() -> None:
    """The mapping is another one as soon as the rows are; without rows it is the plugin's own."""
    text = HEAD + "      attributes: {size: spec.size}\n"
    [source] = parse(text, Path("asbuilt.yaml"), Registry.installed()).sources
    [other] = parse(text.replace("size:", "scale:"), Path("asbuilt.yaml"), Registry.installed()).sources
    plain = Source("prod", plugin, plugin.settings())
    assert plain.knowledge == plugin.knowledge
    assert len({plain.knowledge.version, source.knowledge.version, other.knowledge.version}) == 3
    assert source.knowledge.fields == plugin.knowledge.fields
    assert source.reading().knowledge == source.knowledge
    assert plugin.settings.model_validate({"custom_resources": [WIDGET]}).shaping()


@pytest.mark.parametrize(
    "path", ["", ".spec", "spec.", "spec[0]", "spec[*", "[*].a", "spec{}.a", 'a["b', "a b", "a..b"]
)
def test_what_is_no_path_is_refused(path: str) -> None:
    """Steps, `[*]`, quoted names, and `{}` at the end."""
    with pytest.raises(ValueError, match="is no path"):
        steps(path)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a", [{"b": [{"c": 1}, {"c": 2}, 7], "x.y/z": "dotted", "n": None}]),
        ("a.b[*].c", [1, 2]),
        ("a.b", [[{"c": 1}, {"c": 2}, 7]]),
        ('a["x.y/z"]', ["dotted"]),
        ("a{}", [["b", "n", "x.y/z"]]),
        ("a.n", []),
        ("a.b.c", []),
        ("a[*]", []),
        ("list[*][*]", [1, 2, 3]),
        ("nothing", []),
    ],
)
def test_what_a_path_leads_to(path: str, found: list[Any]) -> None:
    """In the order of the object; what is null is not there."""
    item = {"a": {"b": [{"c": 1}, {"c": 2}, 7], "x.y/z": "dotted", "n": None}, "list": [[1, 2], [3]]}
    assert [one.value for one in find(item, path)] == found


def test_what_stands_beside() -> None:
    """Within what was found, in the entry around it, in the object."""
    item = {"name": "outer", "rules": [{"name": "rule", "to": [{"name": "end"}, "text"]}]}
    inner, text = find(item, "rules[*].to[*]")
    assert [beside(inner, path) for path in ("name", "^name", "/name")] == [["end"], ["rule"], ["outer"]]
    assert [beside(text, path) for path in ("name", "^name", "/name")] == [[], ["rule"], ["outer"]]
    assert beside(Found(item, (item,)), "^name") == ["outer"]
