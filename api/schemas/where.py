"""What does 'where does it run' look like?"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from api.schemas.entities import KEY_EXAMPLE
from api.schemas.values import Presence, Thing, Wire


class Machine(Wire):
    """The instance behind a node."""

    id: str
    tie: str
    key: str | None = Field(description="Null while no source states such a thing.")
    presence: Presence | None


class Node(Wire):
    """A node that pods run on."""

    key: str
    name: str
    presence: Presence | None
    zone: str | None
    ready: bool | None
    instance: Machine | None


class Container(Wire):
    """A container of a pod, and the image that it really runs."""

    name: str
    role: str | None
    image: str | None
    digest: str | None
    reference: str | None
    ready: bool | None
    state: str | None


class Pod(Wire):
    """A pod that stands behind the thing, be it present, gone, or only named."""

    key: str
    name: str | None
    presence: Presence | None
    phase: str | None
    ready: bool | None
    node: str | None
    zone: str | None
    instance: str | None
    workload: str | None = Field(description="The key of the top of its owners.")
    containers: tuple[Container, ...]


class Image(Wire):
    """An image that pods run."""

    key: str
    digest: str
    references: tuple[str, ...]
    presence: Presence | None
    containers: tuple[str, ...]
    pods: int


class Route(Wire):
    """A way in."""

    ingress: Thing
    service: str
    host: str | None
    path: str | None
    port: str | None


class Balancer(Wire):
    """An address under which a load balancer answers."""

    address: str
    of: str
    balancer: str | None


class Endpoints(Wire):
    """How it is reached."""

    services: tuple[Thing, ...]
    ingresses: tuple[Route, ...]
    load_balancers: tuple[Balancer, ...]
    dns: tuple[Thing, ...] | None


class Used(Wire):
    """Configuration in use. What is gone is still shown, and dangling."""

    config: Thing
    verbs: tuple[str, ...]
    optional: bool
    dangling: bool
    used_by: tuple[str, ...]


class User(Wire):
    """Who uses the thing that was asked about."""

    user: Thing
    verb: str


class Untied(Wire):
    """A tie on the way that leads to nothing, or to more than one thing."""

    source: str
    verb: str
    stated: str
    tie: str
    candidates: tuple[str, ...]


class Where(Wire):
    """Where a thing runs. Null: no source states it, and `gaps` says so."""

    key: str
    kind: str
    name: str
    presence: Presence | None
    summary: str = Field(description="One line in words. It never says 'no pods' while pods cannot be read.")
    environment: Thing | None
    cluster: Thing | None
    namespace: Thing | None
    workloads: tuple[Thing, ...]
    pods: tuple[Pod, ...]
    nodes: tuple[Node, ...]
    images: tuple[Image, ...]
    endpoints: Endpoints
    config: tuple[Used, ...]
    runs_as: tuple[Thing, ...]
    users: tuple[User, ...]
    untied: tuple[Untied, ...]
    commit: Thing | None
    pipeline: Thing | None
    deployer: Thing | None
    owner: Thing | None


_PRESENT = {
    "said": "present",
    "since": {"start": None, "end": "2026-03-01T10:00:01.000000Z"},
    "doubt": None,
    "doubt_since": None,
}
_NAMED = {
    "said": "mentioned",
    "since": {"start": None, "end": "2026-03-01T10:15:01.000000Z"},
    "doubt": "unknown",
    "doubt_since": "2026-03-01T10:14:00.000000Z",
}


def _thing(key: str, name: str) -> dict[str, Any]:
    return {"key": key, "kind": key.split("/")[-2], "name": name, "presence": _PRESENT}


_SHOP = "k8s.cluster/9f2c/k8s.namespace/shop"

EXAMPLE: dict[str, Any] = {
    "key": KEY_EXAMPLE,
    "kind": "k8s.service",
    "name": "cart",
    "presence": _PRESENT,
    "summary": "one endpoint named, pods unreadable since 2026-03-01T10:14:00Z",
    "environment": None,
    "cluster": _thing("k8s.cluster/9f2c", "prod"),
    "namespace": _thing(_SHOP, "shop"),
    "workloads": [],
    "pods": [
        {
            "key": f"{_SHOP}/k8s.pod/5b1e",
            "name": None,
            "presence": _NAMED,
            "phase": None,
            "ready": True,
            "node": None,
            "zone": "eu-west-1a",
            "instance": None,
            "workload": None,
            "containers": [],
        }
    ],
    "nodes": [],
    "images": [],
    "endpoints": {
        "services": [_thing(KEY_EXAMPLE, "cart")],
        "ingresses": [
            {
                "ingress": _thing(f"{_SHOP}/k8s.ingress/shop", "shop"),
                "service": KEY_EXAMPLE,
                "host": "shop.example.com",
                "path": "/cart",
                "port": "80",
            }
        ],
        "load_balancers": [],
        "dns": None,
    },
    "config": [],
    "runs_as": [],
    "users": [],
    "untied": [],
    "commit": None,
    "pipeline": None,
    "deployer": None,
    "owner": None,
}
