"""What does a pod say: where it runs, what it runs, and how it is doing?"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.kubernetes.mapping.containers import pod_containers
from collectors.kubernetes.mapping.meta import conditions, entity, owners
from collectors.kubernetes.mapping.place import Object, Place, each, present
from collectors.kubernetes.mapping.template import placement
from collectors.kubernetes.mapping.uses import runs_as, spec_uses
from graph.model import Alias, Holding, KeyEnd, Relation, Statement

_MIRROR = "kubernetes.io/config.mirror"
_OVER = ("Succeeded", "Failed")


def pod(place: Place, item: Object) -> Iterator[Statement]:
    """State a pod and its containers, its node, its owners, and what it uses."""
    meta, spec, status = item["metadata"], item["spec"], item.get("status") or {}
    source = place.of("k8s.pod", item)
    addresses = sorted({entry["ip"] for entry in each(status.get("podIPs"))} or ({status.get("podIP")} - {None, ""}))
    attributes = placement(spec) | present(
        node=spec.get("nodeName"),
        qos_class=status.get("qosClass"),
        restart_policy=spec.get("restartPolicy"),
        phase=status.get("phase"),
        ready=conditions(status).get("Ready") == "True" if status.get("conditions") else None,
        pod_ip=status.get("podIP"),
        pod_ips=addresses,
        reason=status.get("reason"),
        conditions=conditions(status),
    )
    # The address of a pod on its node's network is its node's, and that of a pod that is over is free for others.
    held = () if spec.get("hostNetwork") or status.get("phase") in _OVER else addresses
    aliases = tuple(Alias("ip", place.in_network(address), Holding.EXCLUSIVE) for address in held)
    yield entity(place, "k8s.pod", item, attributes, aliases=aliases)
    yield from owners(place, source, item)
    if node := spec.get("nodeName"):
        yield Relation(source, "RUNS_ON", KeyEnd(place.named("k8s.node", "", node)))
    yield from spec_uses(place, source, meta["namespace"], spec, meta["name"])
    if _MIRROR not in (meta.get("annotations") or {}):  # a static pod has no ServiceAccount, not even the default
        yield runs_as(place, source, meta["namespace"], spec)
    yield from pod_containers(place, source.key, item)
