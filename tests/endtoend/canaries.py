"""What is planted where a secret may stand, and where did it come out?

In the manifests `CANARY.name` becomes a word that is nowhere else, which no rule can tell from other words, and
`RANDOM.name` one that looks as only chance makes words. `B64[...]` is base64, as the API wants it.
"""

from __future__ import annotations

import base64
import gzip
import json
import re
import secrets
import zlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.collectors.kubernetes.certificates import self_signed
from tests.servers.kube_api import Manifest, documents

_FILE = Path(__file__).with_suffix(".yaml")
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_SORTS = ("abcdefghijkmnpqrstuvwxyz", "ABCDEFGHJKLMNPQRSTUVWXYZ", "23456789")
_MADE = re.compile(r"(CANARY|RANDOM)\.([a-zA-Z0-9.-]*[a-zA-Z0-9])")
_PACKED = re.compile(rb"\x1f\x8b\x08|(?:H4sI[A-Za-z0-9+/=]{12,})")
_WORKLOADS: dict[str, dict[str, Any]] = {
    "Deployment": {"replicas": 0, "selector": {"matchLabels": {"app": "idle"}}},
    "ReplicaSet": {"replicas": 0, "selector": {"matchLabels": {"app": "idle"}}},
    "StatefulSet": {"replicas": 0, "serviceName": "idle", "selector": {"matchLabels": {"app": "idle"}}},
    "DaemonSet": {"selector": {"matchLabels": {"app": "idle"}}},
    "Job": {"suspend": True},
}
SPACE = "canaries"


class Canaries:
    """All that is planted, by name; each made when it is first asked for."""

    def __init__(self) -> None:
        self._plain = "qz" + secrets.token_hex(7)
        self._random = "".join(secrets.choice(_SORTS[place % 3]) for place in range(16))
        self.names: list[str] = []
        self.blobs: dict[str, str] = {}
        """Whole values that hold one in a form of its own: compressed, or within a certificate."""
        needles = {variant.decode(): None for text in (self._plain, self._random) for variant in _variants(text)}
        self._needle = re.compile("|".join(re.escape(one) for one in needles).encode())

    def word(self, sort: str, name: str) -> str:
        """Give the word that was planted under a name."""
        if name not in self.names:
            self.names.append(name)
        number = f"{self.names.index(name):03d}"
        return f"{self._plain}{number}xk" if sort == "CANARY" else f"{self._random}Z{number}aB7"

    def manifests(self) -> list[Manifest]:
        """Give every manifest, with what is planted in it."""
        made = [*documents(self.planted(_FILE.read_text("utf-8"))), self._helm(), *self._workloads(), *self._bundles()]
        for one in made:
            name = f"{one['kind'].lower()}-{one['metadata']['name']}"
            notes = one["metadata"].setdefault("annotations", {})
            if _LAST_APPLIED not in notes:
                notes[_LAST_APPLIED] = json.dumps({"data": self.word("CANARY", f"last-applied.{name}")})
            notes["example.com/api-token"] = self.word("CANARY", f"named-annotation.{name}")
            notes["example.com/seed"] = self.word("RANDOM", f"random-annotation.{name}")
        return made

    def planted(self, text: str) -> str:
        """Give a text with words in the places of their names, and base64 where it says so."""
        text = _MADE.sub(lambda found: self.word(found[1], found[2]), text)
        return re.sub(r"B64\[(.*?)\]", lambda found: base64.b64encode(found[1].encode()).decode(), text)

    def in_text(self, text: str | bytes) -> set[str]:
        """Name what came out: the planted, in whatever form, and what stands around it."""
        whole = text.encode() if isinstance(text, str) else text
        return {told for part in (whole, *_unpacked(whole)) for told in self._in_part(part)}

    def _in_part(self, part: bytes) -> Iterator[str]:
        for found in self._needle.finditer(part):
            around = part[max(0, found.start() - 80) : found.end() + 20].decode(errors="replace")
            number = part[found.end() : found.end() + 4].decode(errors="replace").strip("Z")[:3]
            name = self.names[int(number)] if number.isdigit() and int(number) < len(self.names) else "?"
            yield f"{name}: ...{around}..."
        yield from (name for name, blob in self.blobs.items() if blob[:80].encode() in part)

    def _workloads(self) -> Iterator[Manifest]:
        text = (_FILE.parent / "canaries_pods.yaml").read_text("utf-8")
        for kind, spec in _WORKLOADS.items():
            template = next(documents(self.planted(text.replace("WHERE", kind.lower()))))["template"]
            version = "batch/v1" if kind == "Job" else "apps/v1"
            if kind == "Job":
                template["spec"]["restartPolicy"] = "Never"
            yield _object(version, kind, spec={**spec, "template": template})
        template = next(documents(self.planted(text.replace("WHERE", "cronjob"))))["template"]
        template["spec"]["restartPolicy"] = "Never"
        job = {"spec": {"suspend": True, "template": template}}
        yield _object("batch/v1", "CronJob", spec={"schedule": "0 0 1 1 *", "suspend": True, "jobTemplate": job})
        template = next(documents(self.planted(text.replace("WHERE", "pod"))))["template"]
        pod = _object("v1", "Pod", spec=template["spec"] | {"schedulerName": "nobody"})
        pod["metadata"]["annotations"] = template["metadata"]["annotations"]  # no labels: nobody shall adopt it
        yield pod | {"status": self._pod_status()}

    def _pod_status(self) -> dict[str, Any]:
        ended = {"exitCode": 1, "reason": "Error", "message": self.word("CANARY", "terminated-message")}
        waits = {"reason": "CrashLoopBackOff", "message": self.word("CANARY", "waiting-message")}
        container = {"name": "app", "ready": False, "restartCount": 1, "image": "a", "imageID": "a"}
        condition = {"type": "Ready", "status": "False", "message": self.word("CANARY", "condition-message")}
        return {
            "message": self.word("CANARY", "pod-message"),
            "conditions": [condition],
            "containerStatuses": [container | {"state": {"waiting": waits}, "lastState": {"terminated": ended}}],
        }

    def _helm(self) -> Manifest:
        """Make a Secret that holds a release as Helm stores it: JSON, compressed, in base64 twice."""
        release = {"name": "cart", "config": {"plain": self.word("CANARY", "helm-values")}, "manifest": "x"}
        packed = base64.b64encode(gzip.compress(json.dumps(release).encode())).decode()
        self.blobs |= {"helm release": packed, "helm release as data": base64.b64encode(packed.encode()).decode()}
        labels = {"owner": "helm", "name": "cart", "status": "deployed", "version": "1"}
        made = _object("v1", "Secret", name="sh.helm.release.v1.cart.v1", labels=labels)
        return made | {"type": "helm.sh/release.v1", "stringData": {"release": packed}}

    def _bundles(self) -> Iterator[Manifest]:
        """Make what extends the API, with certificates and addresses of its own. It is never asked: nothing matches."""
        now = datetime.now(UTC)
        name = self.word("CANARY", "ca-bundle")
        pem = self_signed(now - timedelta(hours=1), now + timedelta(days=1), (f"{name}.example.com",)).certificate
        bundle = base64.b64encode(pem.encode()).decode()
        self.blobs |= {"bundle": pem.splitlines()[2], "bundle as data": bundle[60:200]}
        rules = [
            {"apiGroups": ["none.example.org"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["x"]}
        ]
        for kind in ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"):
            url = f"https://hooks.example.com/services/{self.word('RANDOM', f'webhook.{kind}')}"
            webhook = {
                "name": "hook.example.com",
                "clientConfig": {"url": url, "caBundle": bundle},
                "rules": rules,
                "failurePolicy": "Ignore",
                "sideEffects": "None",
                "admissionReviewVersions": ["v1"],
            }
            made = _object("admissionregistration.k8s.io/v1", kind)
            del made["metadata"]["namespace"]
            yield made | {"webhooks": [webhook]}


def _object(version: str, kind: str, *, name: str = "planted", **fields: Any) -> Manifest:
    meta = {"name": name, "namespace": SPACE} | ({"labels": fields.pop("labels")} if "labels" in fields else {})
    return {"apiVersion": version, "kind": kind, "metadata": meta, **fields}


def _variants(text: str) -> Iterable[bytes]:
    """Give the forms in which the beginning of a word may come out."""
    whole = text.encode()
    yield from (whole, whole.lower(), whole.hex().encode())
    for shift in range(3):  # in base64 it depends on where the word begins: what is the same whatever stands around it
        coded = base64.b64encode(b"\0" * shift + whole)
        yield coded[(0, 2, 3)[shift] : len(coded) - 4]


def _unpacked(whole: bytes) -> Iterator[bytes]:
    """Give what is compressed in a text, plain or in base64."""
    for found in _PACKED.finditer(whole):
        part = whole[found.start() :] if found[0][:1] == b"\x1f" else base64.b64decode(found[0] + b"===")
        unpacking = zlib.decompressobj(31)
        try:
            yield unpacking.decompress(part)
        except zlib.error:
            continue
