"""How is each part of a control plane started, and how does it say that it is ready?"""

import json
import secrets
import ssl
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from urllib.parse import urlsplit

from ruamel.yaml import YAML

from tests.servers.errors import RequestRefused
from tests.servers.kube_api import KubeApi
from tests.servers.kubeconfig import Access
from tests.servers.process import Child, free_port

STAGES = Path(__file__).with_name("stages.yaml")
LOOPBACK = "127.0.0.1"
POD_RANGE = "10.244.0.1/16"


@dataclass(frozen=True, slots=True)
class Part:
    """One started program, the question whether it is ready, and its address where others need it."""

    child: Child
    ready: Callable[[], bool]
    address: str

    def wait_ready(self) -> None:
        """Return once the part is ready; raise ServerDied otherwise."""
        self.child.wait_ready(self.ready)


def start_etcd(program: Path, folder: Path, ports: tuple[int, int]) -> Part:
    """Start etcd with its data in `folder`: started again with the same ports it is the same etcd."""
    client, peer = (f"http://{LOOPBACK}:{port}" for port in ports)
    flags = [
        f"--data-dir={folder / 'etcd'}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        "--unsafe-no-fsync",  # nobody needs this data after a power cut
    ]
    return Part(_child(program, "etcd", folder, flags), lambda: _answers(f"{client}/health"), client)


def forget_history(etcd: str, revision: int) -> None:
    """Make etcd forget what was before `revision`: who asks for it gets 410 from an API server started afterwards."""
    url = urlsplit(etcd)
    with closing(HTTPConnection(str(url.hostname), url.port, timeout=30)) as connection:
        connection.request("POST", "/v3/kv/compaction", json.dumps({"revision": str(revision), "physical": True}))
        answer = connection.getresponse()
        if answer.status != 200:
            raise RequestRefused("POST", "/v3/kv/compaction", answer.status, answer.read().decode())


def start_api_server(
    program: Path, folder: Path, etcd: str, port: int, token: str
) -> tuple[Part, Callable[[], Access]]:
    """Start the API server; the second value gives the administrator's access once the server is ready.

    Started again with the same folder and port it is the same server: same certificate, same keys, same tokens.
    """
    tokens, key = folder / "tokens.csv", folder / "sa.key"
    if not key.exists():
        key.write_text(elliptic_key())
    tokens.write_text(f'{token},admin,admin,"system:masters"\n')
    flags = [
        f"--etcd-servers={etcd}",
        f"--cert-dir={folder / 'certificates'}",
        f"--bind-address={LOOPBACK}",
        f"--secure-port={port}",
        f"--advertise-address={LOOPBACK}",
        "--service-cluster-ip-range=10.96.0.0/16",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={key}",
        f"--service-account-signing-key-file={key}",
        f"--token-auth-file={tokens}",
        "--authorization-mode=RBAC",
        "--allow-privileged=true",
        "--max-requests-inflight=2000",
    ]
    address = f"https://{LOOPBACK}:{port}"

    def access() -> Access:
        authority = (folder / "certificates" / "apiserver.crt").read_text()  # made by the server as it starts
        return Access(address, authority=authority, token=token)

    def ready() -> bool:
        try:
            with closing(KubeApi(access())) as api:
                return api.ready()
        except OSError:  # no certificate yet, or half of one
            return False

    return Part(_child(program, "kube-apiserver", folder, flags), ready, address), access


def start_controllers(program: Path, folder: Path, kubeconfig: Path) -> Part:
    """Start the controllers: endpoints, owners, garbage, tokens."""
    port = free_port()
    flags = [
        f"--kubeconfig={kubeconfig}",
        f"--service-account-private-key-file={folder / 'sa.key'}",
        f"--root-ca-file={folder / 'certificates' / 'apiserver.crt'}",
        "--leader-elect=false",
        f"--bind-address={LOOPBACK}",
        f"--secure-port={port}",
        "--kube-api-qps=500",
        "--kube-api-burst=1000",
    ]
    child = _child(program, "kube-controller-manager", folder, flags)
    return Part(child, lambda: _answers(f"https://{LOOPBACK}:{port}/healthz"), "")


def start_scheduler(program: Path, folder: Path, kubeconfig: Path) -> Part:
    """Start the scheduler."""
    port, configuration = free_port(), folder / "scheduler.yaml"
    configuration.write_text(
        "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n"
        f"leaderElection: {{leaderElect: false}}\n"
        f"clientConnection: {{kubeconfig: {kubeconfig}, qps: 500, burst: 1000}}\n"
    )
    flags = [f"--config={configuration}", f"--bind-address={LOOPBACK}", f"--secure-port={port}"]
    child = _child(program, "kube-scheduler", folder, flags)
    return Part(child, lambda: _answers(f"https://{LOOPBACK}:{port}/healthz"), "")


def start_kwok(program: Path, folder: Path, kubeconfig: Path) -> Part:
    """Start kwok, which plays every node's kubelet by stages.yaml."""
    address, stages = f"{LOOPBACK}:{free_port()}", folder / "stages.yaml"
    stages.write_text("\n---\n".join(json.dumps(stage) for stage in YAML(typ="safe", pure=True).load(STAGES)))
    flags = [
        f"--kubeconfig={kubeconfig}",
        "--manage-all-nodes=true",
        "--node-lease-duration-seconds=40",
        f"--cidr={POD_RANGE}",
        f"--config={stages}",
        f"--server-address={address}",
    ]
    return Part(_child(program, "kwok", folder, flags), lambda: _answers(f"http://{address}/healthz"), "")


def elliptic_key() -> str:
    """Return a new P-256 private key as PEM, with nothing but Python (RFC 5915; readers derive the public half)."""
    body = bytes.fromhex("30310201010420") + (secrets.randbelow(2**255) + 1).to_bytes(32, "big")
    return ssl.DER_cert_to_PEM_cert(body + bytes.fromhex("a00a06082a8648ce3d030107")).replace(
        "CERTIFICATE", "EC PRIVATE KEY"
    )


def _child(program: Path, name: str, folder: Path, flags: list[str]) -> Child:
    return Child(name, [str(program), *flags], log=folder / f"{name}.log")


def _answers(address: str) -> bool:
    """Tell whether a health address answers 200; its certificate is its own, so nobody can vouch for it."""
    url = urlsplit(address)
    host, port = str(url.hostname), url.port
    if url.scheme == "https":
        anybody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
        connection: HTTPConnection = HTTPSConnection(host, port, timeout=2, context=anybody)
    else:
        connection = HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", url.path)
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
