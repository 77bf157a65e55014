"""What does one thing cost, in a process of its own? Prints one line of JSON.

`python -m tests.bench.measure parse|parse-all|cycle KUBECONFIG STORE PASSES`. CPU seconds are of the whole process, all
threads, user and system. The first pass of a process is the fresh one; the rest are warm. `parse` lists pods, and
`parse-all` every resource that a cycle reads.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from collectors.kubernetes import plugin
from collectors.kubernetes.client import Client, Wanted
from collectors.kubernetes.connection import Connection
from collectors.kubernetes.resources import RESOURCES
from collectors.kubernetes.served import discover
from collectors.kubernetes.settings import KubernetesSettings
from discovery.ledger import Ledger
from discovery.service import Service
from discovery.source import Source
from graph.garbage import look_seldom
from graph.stores.sqlite import SqliteStore
from tests.bench.discover import peak_of
from tests.bench.pages import PAGE


def _written() -> int:
    """Give the bytes that this process has sent to storage."""
    lines = Path("/proc/self/io").read_text().splitlines()
    return int(dict(line.split(": ") for line in lines)["write_bytes"])


def _peak() -> int:
    """Give the most megabytes that this program has had resident; `getrusage` would count who started it as well."""
    return peak_of(os.getpid())


def listing(kubeconfig: str) -> int:
    """List and parse all pages, with the collector's own client, and do nothing with them."""
    client = Client(Connection(KubernetesSettings(kubeconfig=kubeconfig)))
    count = _listed(client, Wanted("pods", "", "/api/v1/pods"))
    client.close()
    return count


def every_resource(kubeconfig: str) -> tuple[Client, list[Wanted]]:
    """Connect, and find out which listings a cycle of this cluster reads."""
    client = Client(Connection(KubernetesSettings(kubeconfig=kubeconfig)))
    served = discover(client)
    wanted = [
        Wanted(one.name, "", f"{prefix}/{one.plural}", one.accept)
        for one in RESOURCES
        if (prefix := served.prefixes.get((one.group, one.plural))) is not None
    ]
    return client, wanted + [Wanted(one.plural, "", f"{one.prefix}/{one.plural}") for one in served.added]


def _listed(client: Client, wanted: Wanted) -> int:
    """List and parse the pages of one listing; count the objects."""
    count, token, number = 0, "", 0
    while number == 0 or token:
        number += 1
        page = client.page(wanted, limit=PAGE, continue_=token, number=number)
        token = page.continue_
        count += len(page.items)
        del page  # as the collector does: nothing of a page outlives it
    return count


def main(mode: str, kubeconfig: str, store: str, passes: int) -> None:
    """Measure."""
    rows = []
    if mode == "parse":
        look_seldom()  # as the cycle's process does, so that the ratio does not flatter
        for _ in range(passes):
            began, wall = time.process_time(), time.monotonic()
            count = listing(kubeconfig)
            rows.append({"cpu": time.process_time() - began, "wall": time.monotonic() - wall, "documents": count})
    elif mode == "parse-all":
        look_seldom()
        client, every = every_resource(kubeconfig)
        for _ in range(passes):
            began, wall = time.process_time(), time.monotonic()
            count = sum(_listed(client, wanted) for wanted in every)
            rows.append({"cpu": time.process_time() - began, "wall": time.monotonic() - wall, "documents": count})
        client.close()
    else:
        rows += cycles(kubeconfig, store, passes)
    print(json.dumps({"rows": rows, "peak_mb": _peak()}))


def cycles(kubeconfig: str, path: str, passes: int) -> list[dict[str, float]]:
    """Look at the cluster so many times with discovery's own service, over one store."""
    source = Source("bench", plugin, KubernetesSettings(kubeconfig=kubeconfig), deadline=3600.0)
    rows = []
    began, wall, written = time.process_time(), time.monotonic(), _written()
    store = SqliteStore(Path(path))
    ledger = Ledger(store)
    service = Service(store, ledger, [source])
    service.configure()
    for _ in range(passes):
        look = service.look(source)
        if not look.complete:
            raise SystemExit(f"the look failed: {look.error} {look.scopes}")
        row = {"cpu": time.process_time() - began, "wall": time.monotonic() - wall, "written": _written() - written}
        rows.append({**row, "revision": store.head().number, "peak_mb": _peak()})
        began, wall, written = time.process_time(), time.monotonic(), _written()
    ledger.close()
    store.close()
    return rows


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
