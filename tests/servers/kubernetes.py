"""What is a Kubernetes cluster that a test can have: started here, or one that already runs?"""

import json
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.servers import components
from tests.servers.binaries import control_plane_binaries
from tests.servers.cleaning import clean, clean_namespaces, tells_alike
from tests.servers.errors import NotInTime, ServerDied, ServerUnavailable
from tests.servers.identities import Identity, Rule, create_identity, forget_identities
from tests.servers.kube_api import KubeApi, Manifest, documents
from tests.servers.kubeconfig import Access, read_kubeconfig, write_kubeconfig
from tests.servers.process import Child, Seen, free_port, make_folder, remove_folder, wait_for

RUNNING_VARIABLE = "ASBUILT_TEST_KUBECONFIG"
ATTEMPTS = 3
QUIET_SECONDS = 0.5
PATIENCE = 90.0
"""Seconds. A controller whose API server was away asks it again after up to 30 (backoff of client-go's reflectors)."""
AT_REST = (  # pods first, then what wants pods, then what follows from them
    "/api/v1{}/pods",
    "/apis/apps/v1{}/deployments",
    "/apis/apps/v1{}/statefulsets",
    "/apis/apps/v1{}/daemonsets",
    "/apis/apps/v1{}/replicasets",
    "/apis/batch/v1{}/jobs",
    "/apis/discovery.k8s.io/v1{}/endpointslices",
    "/api/v1{}/configmaps",
)


class ControlPlane:
    """A real control plane: API server, etcd and, where available, controllers, scheduler and simulated nodes.

    Use it as a context manager, or `start()` and `stop()`. `api` is the administrator's client. A cluster that
    already runs is used as it is: never stopped, and only what was applied here is ever removed from it.
    """

    def __init__(self) -> None:
        """Decide nothing yet; `start` does."""
        self.folder = make_folder("kubernetes")
        self._children: list[Child] = []
        self._applied: list[Manifest] = []
        self._api: KubeApi | None = None
        self._etcd = ""
        self._start_server: Callable[[], Access] | None = None
        self._start_etcd: Callable[[], str] | None = None

    def start(self) -> Self:
        """Use the cluster of `ASBUILT_TEST_KUBECONFIG`, else start one; return it once everything in it is ready.

        Raises ServerUnavailable when there is none to be had, ServerDied when one fails.
        """
        running = os.environ.get(RUNNING_VARIABLE)
        if running:
            self._api = KubeApi(read_kubeconfig(Path(running).expanduser()))
            if not self._api.ready():
                raise ServerUnavailable(f"the cluster of {RUNNING_VARIABLE} does not answer at {self.access.server}")
            return self
        binaries = control_plane_binaries()
        for attempt in range(1, ATTEMPTS + 1):
            try:
                self._start_all(binaries)
                break
            except ServerDied as error:
                self._stop_children()
                shutil.rmtree(self.folder / "etcd", ignore_errors=True)
                if attempt == ATTEMPTS or "address already in use" not in str(error):
                    raise  # else somebody took a free port before we did: once more, with others
        return self

    def stop(self) -> None:
        """Stop what was started, the API server before etcd, and remove its folder."""
        if self._api:
            self._api.close()
        self._stop_children()
        remove_folder(self.folder)

    def __enter__(self) -> Self:
        """Start, and see that what was started is stopped also when that fails."""
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Stop."""
        self.stop()

    @property
    def api(self) -> KubeApi:
        """Return the administrator's client."""
        if self._api is None:
            raise ServerUnavailable("the control plane is not started; call start() first")
        return self._api

    @property
    def access(self) -> Access:
        """Return the administrator's access."""
        return self.api.access

    @property
    def parts(self) -> frozenset[str]:
        """Return the names of the programs that run for us; none, for a cluster that already ran."""
        return frozenset(child.name for child in self._children if child.alive)

    @property
    def simulated(self) -> bool:
        """Tell whether nodes and pods are simulated: scheduled, and run by the annotations of stages.yaml."""
        return {"kube-controller-manager", "kube-scheduler", "kwok"} <= self.parts

    def kubeconfig(self, path: Path | None = None, *, server: str | None = None, token: str | None = None) -> Path:
        """Write a kubeconfig and return its path: the administrator's, unless `token` is somebody else's.

        `server` is another address of the same cluster: a FaultProxy's.
        """
        access = replace(self.access, server=server or self.access.server)
        if token:
            access = replace(access, token=token, certificate=None, private_key=None)
        return write_kubeconfig(path or self.folder / f"kubeconfig-{secrets.token_hex(4)}.yaml", access)

    def identity(self, name: str, rules: Sequence[Rule], *, namespace: str = "default") -> Identity:
        """Create a ServiceAccount that may do what `rules` say and nothing else, with a token of its own."""
        return create_identity(self.api, name, rules, namespace=namespace)

    def apply(self, manifests: str | Iterable[Manifest]) -> list[Manifest]:
        """Apply YAML text or dicts and return them as stored; see KubeApi.apply.

        In a cluster that already ran, a namespace must be new: `reset` deletes it with all that is in it.
        """
        wanted = list(documents(manifests))
        for made in wanted:
            if made["kind"] == "Namespace" and not self.parts and made not in self._applied:
                name = made["metadata"]["name"]
                if self.api.read(f"/api/v1/namespaces/{name}"):
                    raise ServerUnavailable(f"the cluster already has a namespace {name}; use an empty one for tests")
        self._applied += wanted
        return self.api.apply(wanted)

    def delete(self, manifests: str | Iterable[Manifest], *, wait: bool = True) -> None:
        """Delete what the manifests name; see KubeApi.delete."""
        self.api.delete(manifests, wait=wait)

    def wait_for(self, look: Callable[[], Seen], *, what: str, timeout: float = PATIENCE) -> Seen:
        """Return what `look` returns once it is true; a server that died meanwhile is the reason given."""
        try:
            return wait_for(look, what=what, timeout=timeout)
        except NotInTime as error:
            for child in self._children:
                if not child.alive:
                    raise ServerDied(f"{error}; {child.name} died:\n{child.last_lines()}") from error
            raise

    def wait_settled(self, namespace: str | None = None, *, timeout: float = PATIENCE) -> list[Manifest]:
        """Return the pods once the world is at rest.

        Workloads have as many pods as they want, each runs or is done, and for half a second nothing has moved.
        """
        scope, last, since = f"/namespaces/{namespace}" if namespace else "", "", 0.0

        def settled() -> list[Manifest]:
            nonlocal last, since
            world = [self.api.items(path.format(scope)) for path in AT_REST]
            seen = json.dumps(
                [(item["metadata"]["uid"], item["metadata"]["resourceVersion"]) for item in chain(*world)]
            )
            if seen != last:
                last, since = seen, time.monotonic()
            pods, workloads = world[0], chain(*world[1:4])
            if not all(map(_has_run, pods)) or not all(map(_at_rest, workloads)):
                return []
            return pods if time.monotonic() - since > QUIET_SECONDS else []

        return self.wait_for(settled, what=f"rest in {namespace or 'all namespaces'}", timeout=timeout)

    @contextmanager
    def down(self) -> Iterator[None]:
        """Kill the API server; after the block it is the same one again, with the same address and world."""
        if self._start_server is None:
            raise ServerUnavailable("a cluster that already ran is never stopped")
        self._kill("kube-apiserver")
        try:
            yield
        finally:
            self._start_server()

    @contextmanager
    def without_etcd(self) -> Iterator[Path]:
        """Kill etcd, and give the folder of its data; after the block it is the same one again, with what is there."""
        if self._start_etcd is None:
            raise ServerUnavailable("a cluster that already ran is never stopped")
        self._kill("etcd")
        try:
            yield self.folder / "etcd"
        finally:
            self._start_etcd()
            if "kube-apiserver" in self.parts:
                self.wait_for(self.api.ready, what="the API server's word that it has its etcd again")

    def compact(self) -> None:
        """Have etcd forget all that was before now. The API server stays, and with it what it remembers itself."""
        now = self.api.request("GET", "/api/v1/namespaces")["metadata"]["resourceVersion"]
        components.forget_history(self._etcd, int(now))

    def expire(self) -> None:
        """Make every position and `continue` token of before now too old: they are answered 410, as hours later."""
        self.compact()
        with self.down():  # its cache of the past goes with it
            pass

    def reset(self) -> None:
        """Remove what tests made and wait until it is gone.

        That is all but the system's own; in a cluster that already ran, only what was applied here.
        """
        spaces = [made["metadata"]["name"] for made in self._applied if made["kind"] == "Namespace"]
        if self.parts:
            clean(self.api)
        else:
            clean_namespaces(self.api, spaces)
        self.api.delete([made for made in self._applied if made["kind"] != "Namespace"])
        if self.parts:
            self.wait_for(lambda: tells_alike(self.api), what="groups that say what they have")
        forget_identities(self.api)
        self._applied.clear()

    def _start_all(self, binaries: dict[str, Path]) -> None:
        ports, port, token = (free_port(), free_port()), free_port(), secrets.token_hex(16)

        def start_etcd() -> str:
            etcd = components.start_etcd(binaries["etcd"], self.folder, ports)
            self._children.insert(0, etcd.child)
            etcd.wait_ready()
            return etcd.address

        def start_server() -> Access:
            server, access = components.start_api_server(
                binaries["kube-apiserver"], self.folder, self._etcd, port, token
            )
            self._children.insert(1, server.child)
            server.wait_ready()
            return access()

        self._etcd, self._start_etcd, self._start_server = start_etcd(), start_etcd, start_server
        self._api = KubeApi(start_server())
        kubeconfig = self.kubeconfig(self.folder / "admin.kubeconfig")
        others = {
            "kube-controller-manager": components.start_controllers,
            "kube-scheduler": components.start_scheduler,
            "kwok": components.start_kwok,
        }
        parts = [start(binaries[name], self.folder, kubeconfig) for name, start in others.items() if name in binaries]
        self._children += [part.child for part in parts]
        for part in parts:
            part.wait_ready()
        if "kube-controller-manager" in binaries:
            account = "/api/v1/namespaces/default/serviceaccounts/default"
            self.wait_for(lambda: self.api.read(account), what="the default ServiceAccount")

    def _kill(self, name: str) -> None:
        (child,) = (child for child in self._children if child.name == name)
        child.kill()
        self._children.remove(child)

    def _stop_children(self) -> None:
        while self._children:  # the last started first: the API server before etcd, or it lingers for a minute
            self._children.pop().stop()


def _at_rest(workload: Manifest) -> bool:
    status, spec = workload.get("status", {}), workload["spec"]
    if status.get("observedGeneration") != workload["metadata"]["generation"]:
        return False
    if workload.get("kind") == "DaemonSet" or "desiredNumberScheduled" in status:
        wanted, made, updated = (
            status.get("desiredNumberScheduled"),
            status.get("currentNumberScheduled"),
            status.get("updatedNumberScheduled", 0),
        )
    else:
        wanted, made, updated = spec.get("replicas", 1), status.get("replicas", 0), status.get("updatedReplicas", 0)
    return bool(wanted == made == updated)


def _has_run(pod: Manifest) -> bool:
    done = pod.get("status", {}).get("phase") in ("Running", "Succeeded", "Failed")
    return done and "deletionTimestamp" not in pod["metadata"]
