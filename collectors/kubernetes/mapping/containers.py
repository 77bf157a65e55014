"""What does a container run, and how is it doing?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from collectors.kubernetes.mapping.place import Object, Place, each, present, texts
from graph.model import Entity, Key, KeyEnd, Method, Relation, Statement

_DIGEST = re.compile(r"@(sha(?:256:[0-9a-f]{64}|512:[0-9a-f]{128}))$")
"""A registry digest at the end of an imageID. A bare `sha256:` is the id of the image's configuration."""

_PROBES = {"liveness": "livenessProbe", "readiness": "readinessProbe", "startup": "startupProbe"}


def container_configuration(place: Place, container: Object) -> dict[str, Any]:
    """Give what a container is configured to be. Values of variables, arguments and headers of probes are not kept."""
    resources = container.get("resources") or {}
    command = [*texts(container.get("command")), "\0", *texts(container.get("args"))]
    return present(
        image=container.get("image"),
        requests=_quantities(resources.get("requests")),
        limits=_quantities(resources.get("limits")),
        ports=[_port(port) for port in each(container.get("ports"))],
        env_names=sorted({variable["name"] for variable in each(container.get("env"))}),
        probes={name: _probe(container[field]) for name, field in _PROBES.items() if container.get(field)},
        command_hash=place.hashed(*command) if len(command) > 1 else None,
    )


def pod_containers(place: Place, pod: Key, item: Object) -> Iterator[Statement]:
    """State the containers of a pod, each with the pod that it runs in and the image that it really runs."""
    spec, status = item["spec"], item.get("status") or {}
    for role, configured, reported in (
        ("container", "containers", "containerStatuses"),
        ("init", "initContainers", "initContainerStatuses"),
        ("ephemeral", "ephemeralContainers", "ephemeralContainerStatuses"),
    ):
        statuses = {state["name"]: state for state in each(status.get(reported))}
        for container in each(spec.get(configured)):
            sidecar = role == "init" and container.get("restartPolicy") == "Always"
            state = statuses.get(container["name"], {})
            yield from _container(place, pod, container, state, "sidecar" if sidecar else role)


def _container(place: Place, pod: Key, container: Object, status: Object, role: str) -> Iterator[Statement]:
    name = container["name"]
    key = pod.child("k8s.container", name)
    digest = _DIGEST.search(status.get("imageID") or "")
    attributes = container_configuration(place, container) | present(role=role, image_digest=digest and digest[1])
    yield Entity(key, name, attributes=attributes | _condition(status))
    yield Relation(KeyEnd(key), "RUNS_ON", KeyEnd(pod))
    if digest:
        image = KeyEnd(Key.of(("container.image", digest[1])))
        reference = present(reference=container.get("image"))
        yield Relation(KeyEnd(key), "USES_IMAGE", image, attributes=reference, method=Method.DIGEST)


def _condition(status: Object) -> dict[str, Any]:
    state: Object = status.get("state") or {}
    name = next((name for name in ("running", "waiting", "terminated") if name in state), None)
    detail: Object = (name and state[name]) or {}
    last: Object = (status.get("lastState") or {}).get("terminated") or {}
    return present(
        ready=status.get("ready"),
        state=name,
        restarts=status.get("restartCount"),
        reason=detail.get("reason"),
        exit_code=detail.get("exitCode"),
        last_terminated=present(
            reason=last.get("reason"), exit_code=last.get("exitCode"), finished_at=last.get("finishedAt")
        ),
    )


def _quantities(quantities: Any) -> dict[str, str]:
    return {name: str(quantity) for name, quantity in (quantities or {}).items()}


def _port(port: Object) -> dict[str, Any]:
    return present(
        name=port.get("name"), port=port["containerPort"], protocol=port.get("protocol"), host_port=port.get("hostPort")
    )


def _probe(probe: Object) -> dict[str, Any]:
    http, tcp, grpc = probe.get("httpGet") or {}, probe.get("tcpSocket") or {}, probe.get("grpc") or {}
    type_ = next((word for word in ("httpGet", "tcpSocket", "grpc", "exec") if probe.get(word) is not None), None)
    return present(
        type=type_,
        path=(http.get("path") or "").partition("?")[0],  # a query may hold a token
        port=http.get("port") or tcp.get("port") or grpc.get("port"),
        initial_delay=probe.get("initialDelaySeconds"),
        period=probe.get("periodSeconds"),
        timeout=probe.get("timeoutSeconds"),
        failure_threshold=probe.get("failureThreshold"),
        success_threshold=probe.get("successThreshold"),
    )
