"""Does a secret come out anywhere, wherever in a real cluster somebody put it, and whatever is done with Asbuilt?"""

from __future__ import annotations

import base64
import binascii
import json
import signal
import sqlite3
import ssl
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote, urlencode
from urllib.request import urlopen

import pytest

from tests.endtoend.canaries import SPACE, Canaries
from tests.servers.definitions import definition, served
from tests.servers.errors import RequestRefused
from tests.servers.fault_proxy import FaultProxy
from tests.servers.faults import Kept
from tests.servers.kubernetes import ControlPlane
from tests.servers.process import free_port, wait_for, without_proxies

pytestmark = pytest.mark.server

ASBUILT = Path(sys.executable).with_name("asbuilt")
SECRETS = r"/api/v1(/namespaces/[^/]+)?/secrets(/.*)?"
DEFINED = (
    ("argoproj.io", "v1alpha1", "Application", "applications"),
    ("kustomize.toolkit.fluxcd.io", "v1", "Kustomization", "kustomizations"),
    ("helm.toolkit.fluxcd.io", "v2", "HelmRelease", "helmreleases"),
    ("source.toolkit.fluxcd.io", "v1", "GitRepository", "gitrepositories"),
    ("gateway.networking.k8s.io", "v1", "HTTPRoute", "httproutes"),
    ("gateway.networking.k8s.io", "v1", "Gateway", "gateways"),
    ("networking.istio.io", "v1", "VirtualService", "virtualservices"),
    ("networking.istio.io", "v1", "ServiceEntry", "serviceentries"),
    ("keda.sh", "v1alpha1", "ScaledObject", "scaledobjects"),
    ("external-secrets.io", "v1", "ExternalSecret", "externalsecrets"),
    ("external-secrets.io", "v1", "SecretStore", "secretstores"),
    ("cert-manager.io", "v1", "Issuer", "issuers"),
    ("example.org", "v1", "Widget", "widgets"),
)
MALFORMED = ("argocd.application", "flux.kustomization", "k8s.gateway")
CROSSING = ("last-applied.secret-", "named-annotation.secret-", "random-annotation.secret-", "applied-")
"""What stands in the annotations of Secrets: metadata, which is read, and of which it is not kept."""


@dataclass
class Told:
    """All that Asbuilt wrote, said and answered, by where; and what the cluster sent of Secrets."""

    canaries: Canaries
    wire: list[Kept]
    said: dict[str, bytes] = field(default_factory=dict)
    answers: dict[str, bytes] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    unanswered: set[str] = field(default_factory=set)
    stored: list[bytes] = field(default_factory=list)


def _everything(meant: Any) -> dict[str, Any]:
    """Give the shape of a custom resource that keeps whatever it is given."""
    return {"spec": meant, "status": meant}


@pytest.fixture(scope="module")
def planted(control_plane: ControlPlane) -> Iterator[tuple[ControlPlane, Canaries]]:
    """Give the cluster with something planted wherever a person may put a secret."""
    if not control_plane.simulated:
        pytest.skip("server: this cluster does not simulate its nodes and pods, which the test needs")
    defined = [definition(*row, _everything({"*": None})) for row in DEFINED]
    canaries = Canaries()
    made = canaries.manifests()
    control_plane.apply(defined)
    for group, version, _, plural in DEFINED:
        path = f"/apis/{group}/{version}/{plural}"
        control_plane.wait_for(partial(served, control_plane.api, path), what=f"{path} to be served")
    control_plane.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SPACE}}, *made])
    debugging = {"name": "debug", "image": "registry.example.com/debug:1"}
    debugging |= json.loads(canaries.planted('{"env": [{"name": "PLAIN", "value": "CANARY.debug-env"}]}'))
    control_plane.api.request(
        "PATCH",
        f"/api/v1/namespaces/{SPACE}/pods/planted/ephemeralcontainers",
        {"spec": {"ephemeralContainers": [debugging | {"args": [canaries.word("CANARY", "debug-args")]}]}},
        content_type="application/strategic-merge-patch+json",
    )
    yield control_plane, canaries
    control_plane.delete([one for one in made if "namespace" not in one["metadata"]])
    control_plane.delete(defined)
    control_plane.reset()


@pytest.fixture(scope="module")
def told(planted: tuple[ControlPlane, Canaries], tmp_path_factory: pytest.TempPathFactory) -> Told:
    """Do everything that can be done with Asbuilt, as a user does, and keep all that comes of it."""
    plane, canaries = planted
    folder = tmp_path_factory.mktemp("canaries")
    with FaultProxy(plane.access) as proxy:
        found = Told(canaries, proxy.keep(SECRETS))
        kubeconfig = plane.kubeconfig(folder / "kubeconfig", server=proxy.url)
        (folder / "asbuilt.yaml").write_text(
            f"store: {{path: asbuilt.db}}\nsources:\n  prod:\n    type: kubernetes\n    interval: 2s\n"
            f"    kubeconfig: {kubeconfig}\n    configmap_values: [{SPACE}-shown]\n"
            "    custom_resources: [{group: example.org, kind: Widget, attributes: {kept: spec.kept}}]\n"
        )
        for name, *arguments in (
            ("check", "--output", "json"),
            ("plan", "--verbose", "--output", "json", "--limit", "0"),
        ):
            found.said[" ".join((name, *arguments))] = _run(folder, str(ASBUILT), name, *arguments)
        record = ("--source", "prod", "--collector", "kubernetes", "--set", f"kubeconfig={kubeconfig}")
        found.said["record"] = _run(
            folder, sys.executable, "-m", "collectors.replay.record", *record, "--out", str(folder / "taken.jsonl.gz")
        )
        _watch(folder, plane, proxy, found)
        found.said["once"] = _run(folder, str(ASBUILT), "once", "--verbose", "--output", "json")
        found.said["export"] = _run(folder, str(ASBUILT), "export", "all.jsonl.gz")
        for file in ("taken.jsonl.gz", "all.jsonl.gz"):
            found.said[file] = (folder / file).read_bytes()
        found.stored = list(_stored(folder))
    return found


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in without_proxies().items() if not name.startswith("ASBUILT_")}
    return {**kept, "XDG_DATA_HOME": str(folder / "data")}


def _run(folder: Path, *command: str) -> bytes:
    done = subprocess.run(command, cwd=folder, env=_environment(folder), capture_output=True, check=False, timeout=180)
    assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stderr.decode()[-3000:]}"
    return done.stdout + done.stderr


def _watch(folder: Path, plane: ControlPlane, proxy: FaultProxy, found: Told) -> None:
    """Have everything discovered and served, change what is planted meanwhile, and ask every question."""
    port = free_port()
    log = folder / "run.log"
    with log.open("wb") as output:
        running = subprocess.Popen(
            [ASBUILT, "run", "--verbose", "--port", str(port)],
            cwd=folder,
            env=_environment(folder),
            stdout=output,
            stderr=output,
        )
        try:
            ask = partial(_ask, found, f"http://127.0.0.1:{port}")
            wait_for(lambda: _watched(proxy), what="watches", timeout=120)
            wait_for(partial(_has, ask, "k8s.configmap", "shown"), what="the first look", timeout=60)
            _change(plane, found.canaries)
            for kind, name in (("k8s.secret", "made-anew"), ("k8s.configmap", "the-last-change")):
                news = partial(_has, ask, kind, name)
                wait_for(news, what=name, timeout=60)
            _ask_all(found, f"http://127.0.0.1:{port}")
        finally:
            running.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                running.wait(20)
            running.kill()
            running.wait()
    found.said["run --verbose"] = log.read_bytes()


def _watched(proxy: FaultProxy) -> bool:
    """Tell whether what will change is watched."""
    watched = {request.resource for request in proxy.requests if request.verb == "watch"}
    return watched >= {"secrets", "configmaps", "serviceaccounts", "deployments", "applications", "widgets"}


def _change(plane: ControlPlane, canaries: Canaries) -> None:
    """Change every sort of thing that holds one to another, and make some anew; a ConfigMap is the last."""
    word, api = partial(canaries.word, "CANARY"), plane.api
    space = f"/api/v1/namespaces/{SPACE}"
    api.patch(f"{space}/secrets/opaque", {"stringData": {"plain": word("changed-secret")}})
    api.patch(f"{space}/configmaps/plain", {"data": {"LOG_LEVEL": word("changed-configmap")}})
    shown = {"data": {"DB_PASSWORD": word("changed-shown"), "LOG_LEVEL": "warn"}}
    api.patch(f"/api/v1/namespaces/{SPACE}-shown/configmaps/shown", shown)
    notes = {"example.com/bearer": f"Bearer {word('changed-annotation')}"}
    notes["kubectl.kubernetes.io/last-applied-configuration"] = word("changed-last-applied")
    api.patch(f"{space}/serviceaccounts/planted", {"metadata": {"annotations": notes}})
    api.patch(f"{space}/secrets/basic", {"metadata": {"annotations": notes}})
    environment = [{"name": "app", "env": [{"name": "PLAIN", "value": word("changed-env")}]}]
    api.request(
        "PATCH",
        f"/apis/apps/v1/namespaces/{SPACE}/deployments/planted",
        {"spec": {"template": {"spec": {"containers": environment}}}},
        content_type="application/strategic-merge-patch+json",
    )
    broken = {"spec": {"source": word("changed-malformed")}}
    api.patch(f"/apis/argoproj.io/v1alpha1/namespaces/{SPACE}/applications/planted", broken)
    api.patch(f"/apis/example.org/v1/namespaces/{SPACE}/widgets/planted", {"spec": {"key": word("changed-widget")}})
    meta = {"name": "made-anew", "namespace": SPACE, "annotations": notes}
    api.request("POST", f"{space}/secrets", {"metadata": meta, "stringData": {"a": word("made-secret")}})
    api.request("DELETE", f"{space}/secrets/ssh")
    last = {"metadata": {"name": "the-last-change", "namespace": SPACE}, "data": {"a": word("made-configmap")}}
    api.request("POST", f"{space}/configmaps", last)


def _has(ask: Callable[..., bytes], kind: str, name: str) -> bool:
    return f'"name":"{name}"'.encode() in ask("/v1/entities", kind=kind, name=name)


def _ask(found: Told, address: str, path: str, /, **query: str) -> bytes:
    """Ask the API one question, and keep the answer, also where it is a refusal."""
    asked = f"{path}?{urlencode(query)}" if query else path
    try:
        with urlopen(f"{address}{asked}", timeout=30) as answer:
            body, found.statuses[path] = answer.read(), answer.status
    except HTTPError as refused:
        body, found.statuses[path] = refused.read(), refused.code
    except OSError:  # is not there yet
        return b""
    found.answers[asked] = body
    return bytes(body)


def _ask_all(found: Told, address: str) -> None:
    """Ask every route that the API describes, of one thing of each kind; and its entities page by page."""
    ask = partial(_ask, found, address)
    listed, cursor = [], ""
    while True:
        page = json.loads(ask("/v1/entities", limit="500", **({"cursor": cursor} if cursor else {})))
        listed += page["data"]
        cursor = page["cursor"]
        if not cursor:
            break
    newest = {one["kind"]: one["key"] for one in listed if SPACE in one["key"]}
    some = [*newest.values(), *(one["key"] for one in listed if one["kind"] in MALFORMED)]
    for route, described in json.loads(ask("/openapi.json"))["paths"].items():
        needed = [one["name"] for one in described["get"].get("parameters", ()) if one["required"]]
        known = {"root": some[0], "q": "planted", "to": some[1], "from": some[0] if "path" in route else "revision:1"}
        query = {name: known[name] for name in needed if name != "key"}
        found.unanswered.add(route)
        for path in {route.replace("{key}", quote(key, safe="/:")) for key in some}:
            ask(path, **query)
            if found.statuses[path] == 200:
                found.unanswered.discard(route)


def _stored(folder: Path) -> Iterator[bytes]:
    """Give the files of the store as they are, and every value in it, unpacked."""
    for file in folder.glob("asbuilt.db*"):
        yield file.read_bytes()
    with closing(sqlite3.connect(folder / "asbuilt.db")) as store:
        tables = [name for (name,) in store.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            for row in store.execute(f'SELECT * FROM "{table}"'):
                for value in row:
                    if isinstance(value, str):
                        yield value.encode()
                    elif isinstance(value, bytes):
                        yield value
                        with suppress(zlib.error):
                            yield zlib.decompress(value)


def _in_cluster(plane: ControlPlane) -> Iterator[str]:
    """Give every object of the cluster as its API has it, what is in base64 there decoded too."""
    for group in plane.api.request("GET", "/apis")["groups"]:
        yield from _of_version(plane, f"/apis/{group['preferredVersion']['groupVersion']}")
    yield from _of_version(plane, "/api/v1")


def _of_version(plane: ControlPlane, root: str) -> Iterator[str]:
    for resource in plane.api.request("GET", root)["resources"]:
        if "/" not in resource["name"] and "list" in resource["verbs"]:
            with suppress(RequestRefused):
                for item in plane.api.items(f"{root}/{resource['name']}"):
                    yield json.dumps(item)
                    yield from _layers(item)


def _layers(value: Any) -> Iterator[str]:
    """Give every text in a value, and what it is once it is decoded, however often."""
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _layers(inner)
    elif isinstance(value, str):
        yield value
        if "BEGIN CERTIFICATE" in value:
            yield ssl.PEM_cert_to_DER_cert(value).decode("latin-1")
        with suppress(ValueError):
            if value[:1] == "{":
                yield from _layers(json.loads(value))
        with suppress(binascii.Error, ValueError):
            if len(value) > 15:
                yield from _layers(base64.b64decode(value, validate=True).decode())


def _names(canaries: Canaries, text: str | bytes) -> set[str]:
    return {one.partition(":")[0] for one in canaries.in_text(text)}


def test_what_is_looked_for_stands_in_the_cluster(planted: tuple[ControlPlane, Canaries]) -> None:
    """Each of them, as its API has it: what was pruned or refused would prove nothing."""
    plane, canaries = planted
    there = {name for text in _in_cluster(plane) for name in _names(canaries, text)}
    assert len(canaries.names) > 400
    assert {*canaries.names, *canaries.blobs} - there == set()


def test_nothing_planted_is_in_the_store(told: Told) -> None:
    """Neither in its files nor in any value; what may be shown is there, so that whoever looks would find it."""
    assert {one for text in told.stored for one in told.canaries.in_text(text)} == set()
    assert any(b"debug-is-shown" in text for text in told.stored)


def test_nothing_planted_is_in_what_the_commands_write(told: Told) -> None:
    """Output, logs at their most talkative, recording and export."""
    assert {name: one for name, text in told.said.items() for one in told.canaries.in_text(text)} == {}
    assert len(told.said) == 8


def test_nothing_planted_is_in_any_answer(told: Told) -> None:
    """Of every route that the API has, about one thing of each kind at least."""
    assert {path: one for path, text in told.answers.items() for one in told.canaries.in_text(text)} == {}
    assert told.unanswered == set()
    assert any(b"debug-is-shown" in text for text in told.answers.values())


def test_of_secrets_only_metadata_crosses_the_wire(told: Told) -> None:
    """By listings and by watches. What annotations hold does cross, and nothing tells a server to leave it out."""
    assert {one.request.verb for one in told.wire} == {"list", "watch"}
    crossed = {name for one in told.wire for name in _names(told.canaries, bytes(one.body))}
    assert {
        name for name in crossed if not name.startswith((*CROSSING, "changed-annotation", "changed-last-applied"))
    } == set()
    assert "applied-secret" in crossed
    assert "changed-last-applied" in crossed
    assert all(b'"PartialObjectMetadata' in one.body for one in told.wire if one.body)


def test_what_is_malformed_says_so_without_a_word_of_it(told: Told) -> None:
    """The object is there, and its reason names the error and the step."""
    reasons = [
        json.loads(text)["data"]["attributes"]["raw"]["unmapped"]
        for path, text in told.answers.items()
        if path.endswith("/malformed")
    ]
    assert len(reasons) == len(MALFORMED)
    assert all(" in " in reason for reason in reasons)
