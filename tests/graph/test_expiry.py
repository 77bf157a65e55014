"""Is the end of what its source keeps only for a while told apart from the end of a thing?"""

from graph.analysis.changes import Class, class_of
from graph.model import Cause, Key, Scope, Transition
from graph.store import ChangeFilter, RecordedChange
from graph.stores.memory import MemoryStore
from tests.graph.world import World, document, entity, tie

CLUSTER = Key.of(("k8s.cluster", "c1"))
SHOP = CLUSTER.child("k8s.namespace", "shop")
EVENTS = Scope("prod", "events.events.k8s.io", frozenset({"k8s.event", "REGARDS"}), CLUSTER)
CONFIGMAPS = Scope("prod", "configmaps", frozenset({"k8s.configmap"}), CLUSTER)
POD = SHOP.child("k8s.pod", "p")


def read(world: World, *names: str) -> None:
    """List Events of these names, each about the pod, and ConfigMaps of the same names."""
    for scope, kind in ((EVENTS, "k8s.event"), (CONFIGMAPS, "k8s.configmap")):
        documents = []
        for name in names:
            key = SHOP.child(kind, name)
            regards = [tie(key, "REGARDS", POD)] if scope is EVENTS else []
            documents.append(document(f"{kind}-{name}", "1", entity(key, incarnation=name), *regards))
        world.read(scope, *documents)


def changes(world: World, transition: Transition) -> dict[str, RecordedChange]:
    """Give the changes of a transition by kind or verb."""
    with world.store.reader() as reader:
        found = reader.changes(ChangeFilter(), 100)
    return {one.change.word: one for one in found if one.change.transition is transition}


def test_an_event_that_expires_is_no_news_of_the_world() -> None:
    """Its end, and that of its tie, have a cause of their own; a ConfigMap beside it that goes is news."""
    world = World(MemoryStore())
    world.configure("prod")
    world.scopes("prod", EVENTS, CONFIGMAPS)
    read(world, "a", "b", "c")
    read(world, "b", "c")
    closed = {word: one.change.cause for word, one in changes(world, Transition.CLOSED).items()}
    assert closed == {"k8s.event": Cause.EXPIRED, "REGARDS": Cause.EXPIRED, "k8s.configmap": Cause.WORLD}


def test_what_was_known_of_it_stays() -> None:
    """Its last version can be asked for, now and as of when it was there."""
    world = World(MemoryStore())
    world.configure("prod")
    world.scopes("prod", EVENTS, CONFIGMAPS)
    read(world, "a", "b", "c")
    before = world.store.head()
    read(world, "b", "c")
    key = SHOP.child("k8s.event", "a")
    with world.store.reader(before) as then, world.store.reader() as now:
        assert then.latest([key])[key].closed is None
        assert now.latest([key])[key].closed is not None
        assert len(then.relations([POD], outgoing=False, verbs=("REGARDS",))) == 3


def test_events_come_and_go_as_state_does() -> None:
    """So that a list of what was configured is not a list of Events."""
    world = World(MemoryStore())
    world.configure("prod")
    world.scopes("prod", EVENTS, CONFIGMAPS)
    read(world, "a", "b", "c")
    read(world, "b", "c", "d")
    for transition in (Transition.OPENED, Transition.CLOSED):
        classes = {word: class_of(one) for word, one in changes(world, transition).items()}
        assert classes == {"k8s.event": Class.STATE, "REGARDS": Class.STATE, "k8s.configmap": Class.CONFIGURATION}
