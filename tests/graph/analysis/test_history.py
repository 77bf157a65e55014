"""What was it before, and what changed? Versions with the changes that made them, and lists of changes."""

from graph.analysis.changes import ChangeView, Class, changes
from graph.analysis.history import versions
from graph.model import Cause, Document, Transition, Value
from graph.store import ChangeFilter
from tests.graph.analysis.shop import DEPLOYMENT, SCOPES, SERVICE, Shop, endpoints, pod, pod_key, shop
from tests.graph.world import document, entity, everything_known

WORLD = frozenset({Cause.WORLD.value})


def deployment(version: str, life: str = "d1", **attributes: Value) -> Document:
    """Make the document of the Deployment."""
    return document({"d1": "deployment"}.get(life, life), version, entity(DEPLOYMENT, incarnation=life, **attributes))


def ask(made: Shop, wanted: ChangeFilter, limit: int = 100, class_: Class | None = None) -> tuple[ChangeView, ...]:
    """Ask for changes, at the newest revision."""
    with made.store.reader() as reader:
        return changes(reader, wanted, limit, class_=class_)[0]


def test_each_version_names_the_change_that_made_it() -> None:
    """Opened, revised, replaced, closed: newest first, each with its differing fields."""
    made = shop()
    for documents in ([deployment("2", replicas=4)], [deployment("1", "d2", replicas=4)], [], []):
        made.world.pass_(minutes=1)
        made.read("deployments", *documents)
    with made.store.reader() as reader:
        found, more = versions(reader, DEPLOYMENT)
    assert not more
    assert found[0].ended_by is not None
    assert found[0].ended_by.transition is Transition.CLOSED
    assert [one.made_by and one.made_by.transition.value for one in found][:2] == ["replaced", "revised"]
    revised = found[1].made_by
    assert revised is not None
    assert [(one.name, one.old, one.new) for one in revised.fields] == [("replicas", 2, 4)]
    assert [one.incarnation for one in found] == ["d2", "d1", "d1"]
    with made.store.reader() as reader:
        first, more = versions(reader, DEPLOYMENT, limit=2)
        rest, _ = versions(reader, DEPLOYMENT, limit=2, before=first[-1].opened)
    assert more
    assert (*first, *rest) == found


def test_a_first_look_is_no_change_of_the_world() -> None:
    """Nothing is listed after a first look, unless it is asked for."""
    made = shop()
    assert ask(made, ChangeFilter(causes=WORLD)) == ()
    assert {one.cause for one in ask(made, ChangeFilter())} == {Cause.FIRST_LOOK}


def test_state_is_told_apart_from_configuration() -> None:
    """A pod that is no longer ready changes state; another image is configuration."""
    made = shop("p1", "p2")
    made.world.pass_(minutes=1)
    made.read("pods", pod("p1", version="2", ready=False), pod("p2", version="2", image="cart:2"))
    pods = ChangeFilter(words=frozenset({"k8s.pod", "k8s.container"}), causes=WORLD)
    state = ask(made, pods, class_=Class.STATE)
    assert {one.subject for one in state} == {pod_key("p1"), pod_key("p1").child("k8s.container", "app")}
    assert all(one.class_ is Class.STATE for one in state)
    [configuration] = ask(made, pods, class_=Class.CONFIGURATION)
    assert [one.name for one in configuration.fields] == ["image"]


def test_a_change_of_the_mapping_hides_behind_one_of_the_world() -> None:
    """A mapping learns a field in the cycle in which an image changes: one change is listed, with the one field."""
    made = shop()
    made.world.knowledge = everything_known(1, lacking=[("k8s.deployment", "paused")])
    made.world.pass_(minutes=1)
    made.read("deployments", deployment("1", replicas=2))
    made.world.knowledge = everything_known(2)
    made.world.pass_(minutes=1)
    made.read("deployments", deployment("2", replicas=4, paused=True))
    wanted = ChangeFilter(subjects=frozenset({DEPLOYMENT}), words=frozenset({"k8s.deployment"}), causes=WORLD)
    [newest, *_] = ask(made, wanted)
    assert ([one.name for one in newest.fields], newest.hidden) == (["replicas"], 1)


def test_the_relations_of_an_entity_change_with_it() -> None:
    """A service gets another endpoint: its changes name both ends of the relations."""
    made = shop("p1")
    made.world.pass_(minutes=1)
    made.read("endpointslices", endpoints("p9", version="2"))
    found = ask(made, ChangeFilter(subjects=frozenset({SERVICE}), causes=WORLD))
    assert {(one.transition.value, one.relation and one.relation.target) for one in found} == {
        ("opened", pod_key("p9")),
        ("closed", pod_key("p1")),
    }
    assert all(one.relation is not None and one.relation.source == SERVICE for one in found)


def test_pages_of_changes_are_the_whole_in_order() -> None:
    """Page after page gives what one page would have given, with a class that leaves most of them out too."""
    made = shop(*(f"p{number}" for number in range(9)))
    made.world.pass_(minutes=1)
    made.read("pods", *(pod(f"p{number}", version="2", ready=bool(number % 2)) for number in range(9)))
    for class_ in (None, Class.STATE):
        whole = ask(made, ChangeFilter(), limit=1000, class_=class_)
        pages: list[ChangeView] = []
        before: tuple[int, int] | None = None
        with made.store.reader() as reader:
            while True:
                page, before = changes(reader, ChangeFilter(), 4, class_=class_, before=before)
                pages += page
                if before is None:
                    break
        assert tuple(pages) == whole


def test_a_change_names_its_evidence() -> None:
    """Who stated the new, and the scope that covers it."""
    made = shop("p1")
    made.world.pass_(minutes=1)
    made.world.read(SCOPES["services"], document("service", "2", entity(SERVICE, incarnation="s1", type="NodePort")))
    wanted = ChangeFilter(subjects=frozenset({SERVICE}), words=frozenset({"k8s.service"}), causes=WORLD)
    [one, *_] = ask(made, wanted)
    assert [(piece.document, piece.version, piece.scopes) for piece in one.evidence] == [
        ("service", "2", ("services",))
    ]
