"""Who may do what, what is limited, scaled, guarded and reported, and by whom is a thing declared?"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from tests.truth.objects import KINDS, RESOURCE, Cluster, Part, Thing, Tie, tie
from tests.truth.pods import TEMPLATES, template_of

ROLE = "eks.amazonaws.com/role-arn"
OWN_CLUSTER = ("https://kubernetes.default.svc", "in-cluster")
GROUPS = {row.word: (row.group, row.name) for row in KINDS} | {RESOURCE: ("", "")}


def ties(cluster: Cluster) -> Iterator[Tie]:
    """Give the ties of rights, limits, policies, events and delivery."""
    for part in (_rights, _limits, _selected, _events, _flux, _declared):
        yield from part(cluster)


def _rights(cluster: Cluster) -> Iterator[Tie]:
    for one in cluster.each("k8s.rolebinding", "k8s.clusterrolebinding"):
        role = one.item["roleRef"]
        word, space = ("k8s.clusterrole", "") if role["kind"] == "ClusterRole" else ("k8s.role", one.space)
        yield tie(one.key, "GRANTS", cluster.at(space, word, role["name"]))
        for subject in one.item.get("subjects", []):
            prefix, _, user = subject["name"].partition("system:serviceaccount:")  # what it is to the API server
            if subject["kind"] == "ServiceAccount":
                account = cluster.at(subject.get("namespace", one.space), "k8s.serviceaccount", subject["name"])
                yield tie(one.key, "GRANTS_TO", account)
            elif subject["kind"] == "User" and user and not prefix:
                yield tie(
                    one.key, "GRANTS_TO", cluster.at(user.split(":")[0], "k8s.serviceaccount", user.split(":")[1])
                )
            elif subject["kind"] == "Group" and subject["name"].startswith("system:serviceaccounts:"):
                yield tie(one.key, "GRANTS_TO", cluster.space(subject["name"].split(":")[2]))
    for one in cluster.each("k8s.serviceaccount"):
        if ROLE in one.meta.get("annotations", {}):
            yield tie(one.key, "ASSUMES", f"aws.arn={one.meta['annotations'][ROLE]}")
        for secret in one.item.get("imagePullSecrets", []):
            yield tie(one.key, "USES_CONFIG", cluster.at(one.space, "k8s.secret", secret["name"]))


def _limits(cluster: Cluster) -> Iterator[Tie]:
    for one in cluster.each("k8s.resourcequota", "k8s.limitrange"):
        yield tie(one.key, "LIMITS", cluster.space(one.space))
    for one in cluster.each("k8s.hpa"):
        held = one.spec["scaleTargetRef"]
        group = held.get("apiVersion", "").rpartition("/")[0]
        if target := cluster.refer(group, held["kind"], one.space, held["name"]):
            yield tie(one.key, "SCALES", target)


def _selected(cluster: Cluster) -> Iterator[Tie]:
    pods = [one for one in cluster.each("k8s.pod") if one.status.get("phase") not in ("Succeeded", "Failed")]
    things: list[tuple[Thing, Part, Part]] = [(one, one.meta, one.spec) for one in pods]
    for one in cluster.each(*TEMPLATES):
        template = template_of(one)
        if one.word != "k8s.replicaset":
            things.append((one, template.get("metadata", {}), template.get("spec", {})))
    for policy in cluster.each("k8s.networkpolicy", "k8s.pdb"):
        protects = policy.word == "k8s.networkpolicy"
        selector = policy.spec.get("podSelector", {}) if protects else policy.spec.get("selector")
        for one, meta, spec in things:
            if protects and spec.get("hostNetwork"):  # what a policy does to such a pod is not defined
                continue
            if one.space == policy.space and selector is not None and _meant(selector, meta.get("labels", {})):
                ends = (one.key, "PROTECTED_BY", policy.key) if protects else (policy.key, "GUARDS", one.key)
                yield tie(*ends)


def _meant(selector: Part, labels: Part) -> bool:
    verdicts = [labels.get(key) == value for key, value in selector.get("matchLabels", {}).items()]
    for one in selector.get("matchExpressions", []):
        key, values = one["key"], one.get("values", [])
        verdicts.append(
            {
                "In": labels.get(key) in values,
                "NotIn": labels.get(key) not in values,
                "Exists": key in labels,
                "DoesNotExist": key not in labels,
            }[one["operator"]]
        )
    return all(verdicts)


def _events(cluster: Cluster) -> Iterator[Tie]:
    for one in cluster.each("k8s.event"):
        for slot, held in (("", one.item.get("regarding")), ("related", one.item.get("related"))):
            if held and held.get("name"):
                group = held.get("apiVersion", "").rpartition("/")[0]
                place = (held.get("namespace", ""), held["name"], held.get("uid", ""))
                if target := cluster.refer(group, held["kind"], *place):
                    yield tie(one.key, "REGARDS", target, slot)


def _flux(cluster: Cluster) -> Iterator[Tie]:
    for one in cluster.each("flux.kustomization", "flux.helmrelease"):
        chart = one.spec.get("chart", {}).get("spec", {})
        origin: Part = one.spec.get("chartRef") or chart.get("sourceRef") or one.spec["sourceRef"]
        place = (origin.get("namespace", one.space), origin["name"])
        if target := cluster.refer("source.toolkit.fluxcd.io", origin["kind"], *place):
            yield tie(one.key, "DEPENDS_ON", target)
        for held in one.spec.get("dependsOn", []):
            yield tie(one.key, "DEPENDS_ON", cluster.at(held.get("namespace", one.space), one.word, held["name"]))
        named = [*one.spec.get("valuesFrom", []), *one.spec.get("postBuild", {}).get("substituteFrom", [])]
        secrets = [one.spec.get(field, {}).get("secretRef") for field in ("decryption", "kubeConfig")]
        named += [{"kind": "Secret", "name": secret["name"]} for secret in secrets if secret]
        for held in named:
            target = cluster.at(one.space, f"k8s.{held['kind'].lower()}", held["name"])
            yield tie(one.key, "USES_CONFIG", target, optional=held.get("optional") or None)
        if one.word == "flux.helmrelease" and "kubeConfig" not in one.spec:
            plain = "-".join(part for part in (one.spec.get("targetNamespace"), one.meta["name"]) if part)
            if len(plain) > 53:  # Helm takes no more, so that Flux cuts it and says of what by a checksum
                plain = plain[:40] + "-" + sha256(plain.encode()).hexdigest()[:12]
            made_once = [past["name"] for past in one.status.get("history", []) if "name" in past]
            release = [*made_once, one.spec.get("releaseName") or plain][0]
            made = cluster.at(one.spec.get("storageNamespace", one.space), "helm.release", release)
            yield tie(made, "DECLARED_IN", one.key)
    for one in cluster.each("flux.gitrepository", "flux.ocirepository", "flux.helmrepository"):
        if secret := one.spec.get("secretRef"):
            yield tie(one.key, "USES_CONFIG", cluster.at(one.space, "k8s.secret", secret["name"]))


def _declared(cluster: Cluster) -> Iterator[Tie]:
    """Find what deployment tools wrote on an object. What has a controller has its labels from another object."""
    applications: dict[str, str] = {}
    for one in cluster.each("argocd.application"):
        if {one.spec["destination"].get("server"), one.spec["destination"].get("name")} & set(OWN_CLUSTER):
            applications |= {one.meta["name"]: one.key, f"{one.space}_{one.meta['name']}": one.key}
    for one in cluster.things:
        labels, annotations = one.meta.get("labels") or {}, one.meta.get("annotations") or {}
        app, _, meant = annotations.get("argocd.argoproj.io/tracking-id", "").partition(":")
        if meant and _tracks(meant, one):
            unknown = f"argocd.application.name={cluster.key}|{app}"
            yield tie(one.key, "DECLARED_IN", applications.get(app, unknown))
        if any(owner.get("controller") for owner in one.meta.get("ownerReferences", [])):
            continue
        release = annotations.get("meta.helm.sh/release-name")
        space = annotations.get("meta.helm.sh/release-namespace", "")
        by_flux = labels.get("helm.toolkit.fluxcd.io/namespace")
        if release and labels.get("app.kubernetes.io/managed-by") == "Helm" and by_flux in (None, space):
            yield tie(one.key, "DECLARED_IN", cluster.at(space, "helm.release", release))
        for tool, word in (("kustomize", "flux.kustomization"), ("helm", "flux.helmrelease")):
            prefix = f"{tool}.toolkit.fluxcd.io"
            if f"{prefix}/name" in labels:
                target = cluster.at(labels[f"{prefix}/namespace"], word, labels[f"{prefix}/name"])
                if target != one.key:
                    yield tie(one.key, "DECLARED_IN", target)


def _tracks(meant: str, one: Thing) -> bool:
    """Tell whether `<group>/<Kind>:<namespace>/<name>` is an object; one of no namespace is tracked under any."""
    group, kind = GROUPS[one.word]
    if one.word == RESOURCE:
        group, kind = one.item["apiVersion"].split("/")[0], one.item["kind"]
    named, _, place = meant.partition(":")
    space, _, name = place.partition("/")
    return (named, name) == (f"{group}/{kind}", one.meta["name"]) and one.space in ("", space)
