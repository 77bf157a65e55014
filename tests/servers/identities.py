"""Who may see what in a cluster: ServiceAccounts with rights of their own, which tests give and take away?"""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.servers.errors import RequestRefused
from tests.servers.kube_api import KubeApi, Manifest
from tests.servers.process import wait_for

MADE_LABEL = "asbuilt.test/made"
READ = ("get", "list", "watch")


@dataclass(frozen=True, slots=True)
class Rule:
    """Leave to do `verbs` to `resources` of API `group` ("" is the core), everywhere or in `namespaces` only."""

    resources: tuple[str, ...]
    group: str = ""
    verbs: tuple[str, ...] = READ
    namespaces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Identity:
    """A ServiceAccount with a token, that may do what its rules say and nothing else."""

    api: KubeApi
    name: str
    namespace: str
    token: str

    def allow(self, rules: Sequence[Rule]) -> None:
        """Replace what the account may do, and return once the API server has taken notice."""
        api, role = self.api, f"{self.namespace}-{self.name}"
        for kind in ("clusterrolebindings", "rolebindings"):  # what bound it before
            for bound in api.items(f"/apis/rbac.authorization.k8s.io/v1/{kind}", labelSelector=f"{MADE_LABEL}={role}"):
                scope = bound["metadata"].get("namespace")
                where = f"/namespaces/{scope}" if scope else ""
                api.request("DELETE", f"/apis/rbac.authorization.k8s.io/v1{where}/{kind}/{bound['metadata']['name']}")
        everywhere = [rule for rule in rules if not rule.namespaces]
        api.apply(self._grant(role, everywhere, None))
        for namespace in sorted({name for rule in rules for name in rule.namespaces}):
            api.apply(self._grant(role, [rule for rule in rules if namespace in rule.namespaces], namespace))
        wait_for(lambda: self._noticed(rules), what=f"notice of the rights of {role}", timeout=10)

    def may(self, verb: str, resource: str, *, group: str = "", namespace: str = "") -> bool:
        """Ask the API server whether the account may do this; no namespace means all of them."""
        asked = {"verb": verb, "resource": resource, "group": group, "namespace": namespace}
        user = f"system:serviceaccount:{self.namespace}:{self.name}"
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "spec": {"user": user, "resourceAttributes": asked},
        }
        answer = self.api.request("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", review)
        return bool(answer["status"]["allowed"])

    def _noticed(self, rules: Sequence[Rule]) -> bool:
        """Compare what was granted, and that a right which no rule gives is refused."""
        for rule in rules:
            for resource in rule.resources:
                for namespace in rule.namespaces or ("",):
                    if not self.may(rule.verbs[0], resource, group=rule.group, namespace=namespace):
                        return False
        granted = {(rule.group, resource) for rule in rules if not rule.namespaces for resource in rule.resources}
        return not any(self.may("list", name, group=group) for group, name in PROBED if (group, name) not in granted)

    def _grant(self, role: str, rules: Sequence[Rule], namespace: str | None) -> list[Manifest]:
        prefix = "Cluster" if namespace is None else ""
        metadata = {"name": role, "labels": {MADE_LABEL: role}} | ({"namespace": namespace} if namespace else {})
        subject = {"kind": "ServiceAccount", "name": self.name, "namespace": self.namespace}
        version = "rbac.authorization.k8s.io/v1"
        granted = [
            {"apiGroups": [rule.group], "resources": list(rule.resources), "verbs": list(rule.verbs)} for rule in rules
        ]
        reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": f"{prefix}Role", "name": role}
        return [
            {"apiVersion": version, "kind": f"{prefix}Role", "metadata": metadata, "rules": granted},
            {
                "apiVersion": version,
                "kind": f"{prefix}RoleBinding",
                "metadata": metadata,
                "subjects": [subject],
                "roleRef": reference,
            },
        ]


PROBED = (
    ("", "nodes"),
    ("", "namespaces"),
    ("", "pods"),
    ("", "services"),
    ("", "configmaps"),
    ("", "secrets"),
    ("", "serviceaccounts"),
    ("apps", "deployments"),
    ("apps", "replicasets"),
    ("apps", "statefulsets"),
    ("apps", "daemonsets"),
    ("batch", "jobs"),
    ("batch", "cronjobs"),
    ("networking.k8s.io", "ingresses"),
    ("discovery.k8s.io", "endpointslices"),
)


def create_identity(api: KubeApi, name: str, rules: Sequence[Rule], *, namespace: str = "default") -> Identity:
    """Create the ServiceAccount `name` with these rights, and return it with a token good for a day."""
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": namespace}}
    api.apply([account])
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token"
    wanted = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 86400}}
    identity = Identity(api, name, namespace, api.request("POST", path, wanted)["status"]["token"])
    identity.allow(rules)
    return identity


def forget_identities(api: KubeApi) -> None:
    """Take away every right that identities were given."""
    for kind in ("clusterrolebindings", "clusterroles"):
        try:
            api.request("DELETE", f"/apis/rbac.authorization.k8s.io/v1/{kind}", query={"labelSelector": MADE_LABEL})
        except RequestRefused as error:
            if error.status != 404:
                raise
