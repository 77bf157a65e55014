"""What do the sources of the state machine show? A small estate, in which names, aliases and ranges collide.

Every object has a few traits, and each trait is what one letter of the alphabet turns: its life, its form, the alias
that it holds or cites, and what it is tied to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from graph.model import (
    KINDS,
    Attributes,
    Document,
    Ended,
    Entity,
    Holding,
    Key,
    Position,
    Relation,
    Scope,
    Statement,
    Value,
)
from graph.model.statements import Alias
from tests.graph.world import alias_end, document, entity, tie

ONE, TWO = (Key.of(("k8s.cluster", name)) for name in ("one", "two"))
SHOP, BANK = (ONE.child("k8s.namespace", name) for name in ("shop", "bank"))
ACCOUNT = Key.of(("cloud.account", "1"))

_PODS = frozenset({"k8s.pod", "RUNS_ON", "USES_CONFIG"})
PODS = Scope("kube", "pods", _PODS, ONE)
SHOP_PODS = Scope("kube", "pods/shop", _PODS, SHOP, within=SHOP)
NAMESPACES = Scope("kube", "namespaces", frozenset({"k8s.namespace"}), ONE)
REBUILT = Scope("kube", "namespaces", frozenset({"k8s.namespace"}), TWO)
CONFIG = Scope("kube", "configmaps", frozenset({"k8s.configmap"}), ONE)
SHOP_CONFIG = Scope("kube", "configmaps/shop", frozenset({"k8s.configmap"}), SHOP, within=SHOP)
NODES = Scope("kube", "nodes", frozenset({"k8s.node", "REALIZED_BY"}), ONE)
SERVICES = Scope("kube", "services", frozenset({"k8s.service", "k8s.endpointslice", "MANAGED_BY"}), ONE)
SECRETS = Scope("kube", "secrets", frozenset({"k8s.secret"}), SHOP, within=SHOP)
CLUSTERS = Scope("fleet", "clusters", frozenset({"k8s.cluster"}))
CLOUD = Scope("cloud", "instances", frozenset({"aws.ec2.instance"}), ACCOUNT, snapshot=False)
FILES = Scope("git", "files", frozenset({"vcs.file", "DECLARED_IN"}))
TWIN = Scope("mesh", "pods", frozenset({"k8s.pod", "RUNS_ON"}), ONE)

SCOPES = (PODS, SHOP_PODS, NAMESPACES, CONFIG, SHOP_CONFIG, NODES, SERVICES, CLUSTERS, CLOUD, FILES, TWIN)
"""What is read in every history. The secrets are listed, and nobody may ever read them."""

UNREAD = "late"
"""A source that is configured, and never tells its scopes."""

SOURCES = ("kube", "fleet", "cloud", "git", "mesh", UNREAD)


@dataclass(frozen=True, order=True)
class Thing:
    """An object that a source could show, by the name of its family and its own."""

    family: str
    name: str


@dataclass(frozen=True)
class Traits:
    """What can differ about an object, each by itself. version: the source's token, which any difference moves."""

    life: int = 0
    form: int = 0
    alias: int = 0
    to: int = 0
    version: int = 0


def address(number: int) -> Alias:
    """Give an address that one holder of a kind has at an instant."""
    return Alias("ip", f"net|{number}", Holding.EXCLUSIVE)


def pod_key(name: str, life: int) -> Key:
    """Give the key of one life of a pod: x is in the bank, the others are in the shop."""
    return (BANK if name == "x" else SHOP).child("k8s.pod", f"{name}{life}")


def config_key(form: int) -> Key:
    """Give the key of a ConfigMap of the shop."""
    return SHOP.child("k8s.configmap", f"c{form}")


def _pod(name: str, t: Traits) -> Sequence[Statement]:
    key = pod_key(name, t.life)
    called = Alias("k8s.pod.name", f"one|{name}", Holding.EXCLUSIVE)
    said: Attributes = {
        "phase": ("Running", "Failed")[t.form % 2],
        "ready": t.form % 3 == 0,
        "labels": {"app": "ab"[t.to % 2]},
    }
    return (
        Entity(key, name, f"{name}{t.life}", said, (address(t.alias), called)),
        tie(key, "RUNS_ON", ONE.child("k8s.node", f"n{t.to % 2}")),
        tie(key, "USES_CONFIG", config_key(t.form), optional=bool(t.alias % 2)),
    )


def _named(key: Key, t: Traits, **said: Value) -> Entity:
    stated: Attributes = {"created_at": f"2026-03-01T09:00:{t.life:02}Z", "annotations": {"form": str(t.form)}, **said}
    return Entity(key, key.id, f"{key.id}-{t.life}", stated)


def _cluster(name: str, t: Traits) -> Sequence[Statement]:
    held = (Alias("k8s.cluster.name", ("prod", "spare")[t.alias], Holding.EXCLUSIVE),) if t.alias < 2 else ()
    return (entity(Key.of(("k8s.cluster", name)), *held, version=f"1.{t.form}"),)


def _node(name: str, t: Traits) -> Sequence[Statement]:
    key = ONE.child("k8s.node", name)
    cited = (("ip", f"net|{t.alias}"), ("id", f"i-{t.alias}"))[t.to % 2]
    return _named(key, t), tie(key, "REALIZED_BY", alias_end(*cited, "aws.ec2.instance"), addresses=t.form)


def _service(name: str, t: Traits) -> Sequence[Statement]:
    key = SHOP.child("k8s.service", name)
    if name.startswith("slice"):
        slice_ = SHOP.child("k8s.endpointslice", name)
        return _named(slice_, t), tie(slice_, "MANAGED_BY", SHOP.child("k8s.service", "a"))
    return (_named(key, t, type="ClusterIP", selector={"app": "ab"[t.to % 2]}),)


def _instance(name: str, t: Traits) -> Sequence[Statement]:
    key = ACCOUNT.child("aws.ec2.instance", name)
    return (
        entity(
            key, Alias("id", f"i-{t.to}", Holding.FOREVER), address(t.alias), type=f"m{t.form}", tags={"n": t.form / 2}
        ),
    )


def _file(name: str, t: Traits) -> Sequence[Statement]:
    file = Key.of(("vcs.repository", "r"), ("vcs.file", name))
    root = Key.by_name("k8s.cluster", ("prod", "spare")[t.alias % 2])
    target = root.child("k8s.namespace", "shop").child("k8s.configmap", f"c{t.to}")
    return entity(file, path=name, commit=str(t.form)), tie(target, "DECLARED_IN", file)


def _twin(name: str, t: Traits) -> Sequence[Statement]:
    key = pod_key("a", t.life)
    node = ONE.child("k8s.node", f"n{t.to % 2}")
    said: Attributes = {"reason": f"{name}{t.form}", "labels": {"twin": str(t.alias)}}
    return Entity(key, "a", f"a{t.life}", said), tie(key, "RUNS_ON", node, slot="" if t.form % 2 else name)


_Stated = Callable[[str, Traits], Sequence[Statement]]
FAMILIES: dict[str, tuple[str, _Stated, tuple[str, ...]]] = {
    "pod": ("kube", _pod, ("a", "b", "x")),
    "namespace": ("kube", lambda name, t: (_named(ONE.child("k8s.namespace", name), t),), ("shop", "bank")),
    "config": ("kube", lambda name, t: (_named(SHOP.child("k8s.configmap", name), t),), ("c0", "c1")),
    "node": ("kube", _node, ("n0", "n1")),
    "service": ("kube", _service, ("a", "b", "slice")),
    "cluster": ("fleet", _cluster, ("one", "two")),
    "instance": ("cloud", _instance, ("i0", "i1", "i2")),
    "file": ("git", _file, ("f1", "f2")),
    "twin": ("mesh", _twin, ("t1", "t2")),
}
"""For each family: its source, what an object of it states, and the names of its first objects."""

THINGS = tuple(Thing(family, name) for family, (_, _, names) in FAMILIES.items() for name in names)

POSITIONED = frozenset({"kube", "mesh"})
"""The sources whose listings and events carry a position."""


class BrokenOff(Exception):
    """A page of a listing did not come."""


@dataclass
class Estate:
    """What there is now, and how far the sources have come. mapping: its odd versions do not fill `raw`."""

    things: dict[Thing, Traits] = field(default_factory=dict)
    position: int = 0
    mapping: int = 1

    def show(self, thing: Thing, **traits: int) -> None:
        """Let an object be there, with some traits anew; its token moves, even where nothing else does."""
        self.position += 1
        self.things[thing] = replace(self.things.get(thing, Traits()), **traits, version=self.position)

    def hide(self, thing: Thing) -> None:
        """Let an object be there no longer."""
        self.position += 1
        self.things.pop(thing, None)

    def take_back(self, former: Estate) -> None:
        """Let all be as it was, apart from the tokens of what has differed since."""
        for thing in sorted(self.things.keys() | former.things.keys()):
            if thing not in former.things:
                self.hide(thing)
            elif self.things.get(thing) != former.things[thing]:
                traits = former.things[thing]
                self.show(thing, life=traits.life, form=traits.form, alias=traits.alias, to=traits.to)

    def shown(self, family: str) -> list[Thing]:
        """Give the objects of a family that are there."""
        return sorted(thing for thing in self.things if thing.family == family)

    def subject(self, thing: Thing) -> Key:
        """Give the key that an object is about."""
        first = self._statements(thing)[0]
        assert isinstance(first, Entity)
        return first.key

    def _statements(self, thing: Thing) -> list[Statement]:
        statements = list(FAMILIES[thing.family][1](thing.name, self.things.get(thing, Traits())))
        if self.mapping % 2 == 0:
            statements[0] = _learned(statements[0])
        return statements

    def id_of(self, thing: Thing) -> str:
        """Give the id of an object in its source: another one for each life."""
        return f"{thing.family}-{thing.name}-{self.things.get(thing, Traits()).life}"

    def document(self, thing: Thing) -> Document:
        """Make the document of an object. Files have no token."""
        version = "" if thing.family == "file" else str(self.things[thing].version)
        return document(self.id_of(thing), version, *self._statements(thing))

    def inside(self, scope: Scope) -> list[Thing]:
        """Give the objects that a scope shows."""
        return [
            thing
            for thing in sorted(self.things)
            if FAMILIES[thing.family][0] == scope.source and scope.covers(self.subject(thing))
        ]

    def listing(self, scope: Scope) -> list[Position | Document]:
        """List a scope completely, its position first, where the source has one."""
        positions: list[Position | Document] = [Position(self.position)] if scope.source in POSITIONED else []
        return [*positions, *(self.document(thing) for thing in self.inside(scope))]

    def events(self, scope: Scope, before: Estate) -> list[Document | Ended | Position]:
        """Tell what a watch of a scope says of all that differs from before, and where it stands then."""
        now = {self.id_of(thing): thing for thing in self.inside(scope)}
        then = {before.id_of(thing): thing for thing in before.inside(scope)}
        moved = [id_ for id_ in now if id_ not in then or self.things[now[id_]] != before.things[then[id_]]]
        ended = [Ended(id_, Position(self.position)) for id_ in sorted(then.keys() - now.keys())]
        return [*(self.document(now[id_]) for id_ in moved), *ended, Position(self.position)]

    def copy(self) -> Estate:
        """Remember what there is now."""
        return Estate(dict(self.things), self.position, self.mapping)


def _learned(statement: Statement) -> Statement:
    """Let a mapping that has learned fill one more field."""
    assert not isinstance(statement, Relation)
    return replace(statement, attributes={**statement.attributes, "raw": "learned"})


def unlearned() -> list[tuple[str, str]]:
    """Give what a mapping that has not learned does not fill, as (kind, attribute)."""
    return [(kind, "raw") for kind in KINDS]


def broken_off(items: Sequence[Position | Document], page: int) -> Iterator[Position | Document]:
    """List until a page, and break off."""
    yield from items[:page]
    raise BrokenOff
