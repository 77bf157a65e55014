"""Which histories could a store live through? Random ones, over a small universe in which everything collides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from hypothesis import strategies as st

from graph.model import Document, Ended, Entity, Holding, Key, Position, Scope, Statement
from graph.model.statements import Alias
from tests.graph.world import World, alias_end, document, entity, everything_known, tie

CLUSTER = Key.of(("k8s.cluster", "one"))
SHOP, BANK = CLUSTER.child("k8s.namespace", "shop"), CLUSTER.child("k8s.namespace", "bank")
ACCOUNT = Key.of(("cloud.account", "1"))

PODS = Scope("kube", "pods", frozenset({"k8s.pod", "RUNS_ON", "USES_CONFIG"}), CLUSTER)
SHOP_PODS = Scope("kube", "pods/shop", frozenset({"k8s.pod", "RUNS_ON", "USES_CONFIG"}), SHOP, within=SHOP)
NAMES = Scope("kube", "names", frozenset({"k8s.namespace", "k8s.cluster", "k8s.configmap"}), CLUSTER)
NODES = Scope("kube", "nodes", frozenset({"k8s.node", "REALIZED_BY"}), CLUSTER)
CLOUD = Scope("cloud", "instances", frozenset({"aws.ec2.instance"}), ACCOUNT, snapshot=False)
FILES = Scope("git", "files", frozenset({"vcs.file", "DECLARED_IN"}), "", snapshot=True)
TWIN = Scope("twin", "pods", frozenset({"k8s.pod", "RUNS_ON"}), CLUSTER)

SCOPES = (PODS, SHOP_PODS, NAMES, NODES, CLOUD, FILES, TWIN)


@dataclass(frozen=True)
class Thing:
    """An object that a source could show: a document id, a version and a variant of what it states."""

    scope: Scope
    id: str
    variant: int

    def document(self, *, learned: bool) -> Document:
        """Make the document. learned: the mapping fills one more field."""
        statements = list(_STATED[self.scope.source, self.scope.name.split("/")[0]](self.id, self.variant))
        if learned and statements:
            first = statements[0]
            if isinstance(first, Entity):
                extra = {**first.attributes, "raw": "learned"}
                statements[0] = replace(first, attributes=extra)
        return document(self.id, f"v{self.variant}", *statements)


def _ip(number: int) -> Alias:
    return Alias("ip", f"net|{number}", Holding.EXCLUSIVE)


def _pod(id_: str, variant: int) -> Sequence[Statement]:
    container = SHOP if id_ in "abc" else BANK
    key = container.child("k8s.pod", id_)
    node = CLUSTER.child("k8s.node", f"n{variant % 2}")
    return (
        entity(key, _ip(variant % 3), incarnation=id_, phase=f"p{variant % 2}", labels={"v": str(variant)}),
        tie(key, "RUNS_ON", node, ready=bool(variant % 2)),
        tie(key, "USES_CONFIG", container.child("k8s.configmap", f"c{variant % 2}")),
    )


def _named(id_: str, variant: int) -> Sequence[Statement]:
    if id_ == "cluster":
        held = (Alias("k8s.cluster.name", "prod", Holding.EXCLUSIVE),) if variant % 2 else ()
        return (entity(CLUSTER, *held, version=str(variant)),)
    if id_ in {"shop", "bank"}:
        return (entity(CLUSTER.child("k8s.namespace", id_), incarnation=f"{id_}{variant}", phase="Active"),)
    key = SHOP.child("k8s.configmap", "c0")  # two ids, one key: a re-creation under the old name
    return (entity(key, incarnation=id_, created_at=f"2026-03-01T10:00:0{variant % 9}Z", keys=[f"k{variant}"]),)


def _node(id_: str, variant: int) -> Sequence[Statement]:
    key = CLUSTER.child("k8s.node", id_)
    ends = (alias_end("ip", f"net|{variant // 2 % 2}", "aws.ec2.instance"), alias_end("id", id_, "aws.ec2.instance"))
    return (entity(key, incarnation=f"{id_}{variant // 3}"), tie(key, "REALIZED_BY", ends[variant % 2]))


def _instance(id_: str, variant: int) -> Sequence[Statement]:
    key = ACCOUNT.child("aws.ec2.instance", id_)
    return (entity(key, Alias("id", f"n{variant % 2}", Holding.FOREVER), _ip(variant % 2), type=f"m{variant}"),)


def _file(id_: str, variant: int) -> Sequence[Statement]:
    file = Key.of(("vcs.repository", "r"), ("vcs.file", id_))
    root = Key.by_name("k8s.cluster", "prod")
    target = root.child("k8s.namespace", "shop").child("k8s.configmap", f"c{variant % 2}")
    return (entity(file, commit=str(variant)), tie(target, "DECLARED_IN", file))


def _twin(id_: str, variant: int) -> Sequence[Statement]:
    key = SHOP.child("k8s.pod", "a")
    return (
        entity(key, incarnation="a", reason=f"{id_}{variant % 2}", labels={"twin": str(variant % 3)}),
        tie(key, "RUNS_ON", CLUSTER.child("k8s.node", f"n{variant % 2}"), serving=True),
    )


_STATED: dict[tuple[str, str], Callable[[str, int], Sequence[Statement]]] = {
    ("kube", "pods"): _pod,
    ("kube", "names"): _named,
    ("kube", "nodes"): _node,
    ("cloud", "instances"): _instance,
    ("git", "files"): _file,
    ("twin", "pods"): _twin,
}

_IDS = {
    "pods": ("a", "b", "c", "x", "y"),
    "pods/shop": ("a", "b", "c"),
    "names": ("cluster", "shop", "bank", "cm1", "cm2"),
    "nodes": ("n0", "n1"),
    "instances": ("i1", "i2", "i3"),
    "files": ("f1", "f2"),
}


@dataclass
class Script:
    """A history: steps over what each source shows."""

    steps: list[tuple[str, Scope, dict[str, int]]]
    seed: int
    shown: dict[tuple[str, str], dict[str, int]] = field(default_factory=dict)
    learned: bool = False
    vanished: bool = False

    def listed(self, world: World) -> None:
        """Let each source list its scopes."""
        for source in ("kube", "cloud", "git", "twin"):
            scopes = [one for one in SCOPES if one.source == source and not (self.vanished and one is SHOP_PODS)]
            world.scopes(source, *scopes)

    def documents(self, scope: Scope) -> list[Document]:
        """Give what a scope shows now."""
        table = self.shown.get((scope.source, scope.name.split("/")[0]), {})
        ids = _IDS[scope.name] if scope.source != "twin" else ("t1", "t2")
        return [
            Thing(scope, id_, variant).document(learned=self.learned)
            for id_, variant in sorted(table.items())
            if id_ in ids
        ]

    def read(self, world: World, scope: Scope) -> None:
        """Read one scope completely, and once more at once where that is doubted."""
        if not (self.vanished and scope is SHOP_PODS):
            world.read(scope, *self.documents(scope))

    def read_all(self, world: World) -> None:
        """Read every scope completely."""
        for scope in SCOPES:
            self.read(world, scope)


_OFTEN = ("read", "read", "read", "again", "again", "watch")
_SELDOM = ("fail", "forbid", "vanish", "return", "learn", "retire", "idle", "back")


@st.composite
def histories(draw: st.DrawFn, longest: int = 24) -> Script:
    """Draw a history: what the sources show, and what is done with them, step by step."""
    steps = []
    focus = draw(st.sampled_from((SCOPES, (NODES, CLOUD), (PODS, SHOP_PODS, TWIN), (NAMES, FILES, PODS))))
    actions = draw(st.sampled_from((_OFTEN, _OFTEN + _SELDOM)))
    for _ in range(draw(st.integers(1, longest))):
        scope = draw(st.sampled_from(focus))
        ids = _IDS[scope.name] if scope.source != "twin" else ("t1", "t2")
        shown = draw(st.dictionaries(st.sampled_from(ids), st.integers(0, 5), max_size=len(ids)))
        steps.append((draw(st.sampled_from(actions)), scope, shown))
    return Script(steps, draw(st.integers(0, 99)))


def play(script: Script, world: World, after_each: Callable[[World], None] = lambda _: None) -> World:
    """Live through a history."""
    world.configure("kube", "cloud", "git", "twin")
    script.listed(world)
    for action, scope, shown in script.steps:
        world.pass_(seconds=30)
        _step(script, world, action, scope, shown)
        after_each(world)
    return world


def _step(script: Script, world: World, action: str, scope: Scope, shown: dict[str, int]) -> None:
    table = script.shown.setdefault((scope.source, scope.name.split("/")[0]), {})
    match action:
        case "read":
            ids = _IDS[scope.name] if scope.source != "twin" else ("t1", "t2")
            for id_ in ids:
                table.pop(id_, None)
            table |= shown
            script.read(world, scope)
        case "again":
            script.read(world, scope)
        case "fail":
            world.fail(scope)
        case "forbid":
            world.forbid(scope)
        case "vanish" | "return":
            script.vanished = action == "vanish"
            script.listed(world)
        case "learn":
            script.learned = not script.learned
            world.knowledge = everything_known(2 if script.learned else 1)
        case "watch":
            table |= shown
            events: list[Document | Ended | Position] = [
                Thing(scope, id_, variant).document(learned=script.learned) for id_, variant in sorted(shown.items())
            ]
            world.watch(scope, *events)
        case "retire":
            world.retire(scope.source)
            script.listed(world)
        case "back":
            world.pass_(seconds=-300)
        case _:
            world.pass_(hours=1)
