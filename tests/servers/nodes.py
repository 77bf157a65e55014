"""What does a machine look like that joins a simulated cluster, as many of them as a test needs?"""

from tests.servers.kube_api import Manifest

REGION = "eu-west-1"


def node(
    number: int,
    *,
    zone: str = "a",
    cpu: int = 16,
    memory_gib: int = 64,
    pods: int = 250,
    labels: dict[str, str] | None = None,
) -> Manifest:
    """Return the manifest of node `number` (0 to 65535): an instance of EC2 in `zone`, with an address of its own.

    Its pods get addresses from kwok's one range, 10.244.0.0/16, which is enough for 65,000 of them.
    """
    high, low = divmod(number, 256)
    name = f"ip-10-1-{high}-{low}.{REGION}.compute.internal"
    given = {
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "topology.kubernetes.io/region": REGION,
        "topology.kubernetes.io/zone": f"{REGION}{zone}",
        "node.kubernetes.io/instance-type": "m6i.4xlarge",
    }
    capacity = {"cpu": str(cpu), "memory": f"{memory_gib}Gi", "pods": str(pods)}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": given | (labels or {})},
        "spec": {"providerID": f"aws:///{REGION}{zone}/i-{number:017x}"},
        "status": {
            "addresses": [
                {"type": "InternalIP", "address": f"10.1.{high}.{low}"},
                {"type": "Hostname", "address": name},
            ],
            "capacity": capacity,
            "allocatable": capacity,
        },
    }


def nodes(count: int, *, zones: str = "abc") -> list[Manifest]:
    """Return `count` nodes, spread over the zones in turn."""
    return [node(number, zone=zones[number % len(zones)]) for number in range(count)]
