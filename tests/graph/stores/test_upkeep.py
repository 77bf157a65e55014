"""Does every store remember scopes, runs, sources and documents as a plan and an answer need them?"""

from __future__ import annotations

from datetime import timedelta

from graph.model import DocumentRef, Key, Outcome, Position, Scope, ScopeStatus
from graph.store import ChangeFilter, GraphStore
from tests.graph.stores.answers import numbered
from tests.graph.stores.estate import A1, A2, B1, CLOUD, CLUSTER, MACHINES, N1, NODE, NODES, POD, PODS, SHOP, keys_at
from tests.graph.world import START, World, alias_end, document, entity, everything_known, forever, tie

# ---------------------------------------------------------------------------------------------------- scopes and runs


def test_runs_of_one_outcome_fold(world: World, store: GraphStore) -> None:
    """A fold counts its runs and keeps the longest gap between two starts; another outcome begins a new one."""
    world.read(PODS, A1)
    world.pass_(seconds=29)
    world.read(PODS, A1)
    world.pass_(seconds=99)
    world.read(PODS, A1)
    world.fail(PODS)
    world.fail(PODS, error="another")
    world.read(PODS, A1)
    with store.reader() as reader:
        folds = reader.folds("kube", "pods")
        assert [(fold.outcome, fold.count, fold.longest_gap) for fold in folds] == [
            (Outcome.COMPLETE, 3, 100.0),
            (Outcome.FAILED, 1, 0.0),
            (Outcome.FAILED, 1, 0.0),
            (Outcome.COMPLETE, 1, 0.0),
        ]
        assert folds[0].first_started == START
        assert folds[0].last_started == START + timedelta(seconds=130)
        assert not reader.folds("cloud")
    world.read(PODS, A2)
    with store.reader(store.revision(1)) as reader:
        assert [fold.outcome for fold in reader.folds()] == [Outcome.COMPLETE]


def test_the_state_of_a_scope_is_told_as_of_a_revision(world: World, store: GraphStore) -> None:
    """Forbidden later is readable before; a scope that exists no longer is told of only then."""
    world.read(PODS, A1)
    world.forbid(PODS)
    world.retire("kube")
    status = []
    for number in range(store.head().number + 1):
        with store.reader(store.revision(number)) as reader:
            status.append([(one.scope, one.status, one.error) for one in reader.scopes()])
    assert status == [
        [],
        [(PODS, ScopeStatus.READABLE, None)],
        [(PODS, ScopeStatus.UNREADABLE, "403: may not list")],
        [],
    ]


def test_sources_are_remembered(world: World, store: GraphStore) -> None:
    """A configured source stands before it is read, and keeps when it first was."""
    world.configure("kube", "cloud")
    world.scopes("kube", PODS)
    world.read(PODS, A1)
    world.configure("kube")
    with store.reader() as reader:
        told = [(one.name, one.configured, one.first_read) for one in reader.sources()]
    assert told == [("cloud", False, None), ("kube", True, START)]


def test_the_runs_of_a_renamed_scope_follow_it(world: World, store: GraphStore) -> None:
    """A name that means another range leaves its runs to the scope that had it; so does the next such change."""
    other = Key.of(("k8s.cluster", "two"))
    moved = Scope("kube", "pods", PODS.states, other)
    world.configure("kube")
    for scope in (PODS, moved, PODS, moved):
        world.scopes("kube", scope)
        world.read(scope)
    with store.reader() as reader:
        counts = {fold.scope: fold.count for fold in reader.folds()}
        left = [state.scope for state in reader.scopes() if state.scope.name != "pods"]
    assert [scope.range for scope in left] == [CLUSTER, other, CLUSTER]
    assert counts == {"pods": 1} | {scope.name: 1 for scope in left}


# ---------------------------------------------------------------------------------------------------- documents


def test_documents_are_told_as_of_a_revision(world: World, store: GraphStore) -> None:
    """Each version of a document keeps its text, and an ended one is told of only before its end."""
    ref = DocumentRef("kube", "a")
    world.read(PODS, A1, B1)
    world.read(PODS, A2, B1)
    world.read(PODS, B1)
    world.read(PODS, B1)
    said = []
    for number in (1, 2, store.head().number):
        with store.reader(store.revision(number)) as reader:
            found = reader.documents([ref, DocumentRef("kube", "none"), DocumentRef("none", "a")])
            said.append([(one.version, "Running" in one.text, "Failed" in one.text) for one in found.values()])
    assert said == [[("1", True, False)], [("2", False, True)], []]


def test_a_doubted_ending_is_told_until_it_is_settled(world: World, store: GraphStore) -> None:
    """A doubt stands from the listing that lacked a document to the one that has it again, or confirms its end."""
    ref, other = DocumentRef("cloud", "x"), DocumentRef("cloud", "y")
    docs = [document(key.id, "1", entity(key)) for key in MACHINES]
    world.read(CLOUD, *docs)
    missed = world.now
    world.read(CLOUD, docs[2])
    world.read(CLOUD, docs[0], docs[2])
    said = []
    for number in range(1, store.head().number + 1):
        with store.reader(store.revision(number)) as reader:
            said.append(dict(reader.doubts([ref, other])))
    assert said == [{}, {ref: missed, other: missed}, {}]
    assert keys_at(store) == [MACHINES[0], MACHINES[2]]


def test_what_is_known_is_what_a_plan_needs(world: World) -> None:
    """Known covers the scope's kinds and range, whoever opened the document, with tokens, doubts and positions."""
    twin = Scope("kube", "pods/shop", PODS.states, SHOP)
    world.read(PODS, Position(5), A1, B1)
    world.read(NODES, N1)
    for scope in (PODS, twin):
        known, base = world.writer.known(scope)
        assert (set(known), base) == ({"a", "b"}, 2)
        assert (known["a"].version, known["a"].position, known["a"].subject) == ("1", 5, POD)
    again = document("a", "1b", *A1.statements)
    world.read(PODS, Position(9), again)
    known, base = world.writer.known(twin)
    assert (known["a"].version, known["a"].position, known["a"].missed) == ("1b", 9, False)
    assert known["b"].missed is False or known["b"].gone
    assert world.writer.known_of("kube", ["a", "none"]) == {"a": known["a"]}
    assert base == 3


def test_a_position_is_left_behind_until_it_is_forgotten(world: World) -> None:
    """An ended document of a source with positions stays known as gone, and not in force, until a listing past it."""
    world.read(PODS, Position(5), A1, B1)
    world.read(PODS, Position(6), B1)
    known, _ = world.writer.known(PODS)
    assert (known["a"].gone, known["a"].position) == (True, 6)
    with world.writer.stage() as stage:
        assert set(stage.covered(PODS)) == {"b"}
    world.read(PODS, Position(7), B1)
    assert set(world.writer.known(PODS)[0]) == {"b"}
    world.read(PODS, Position(8), B1, A2)
    assert not world.writer.known(PODS)[0]["a"].gone


def test_mappings_are_remembered(world: World) -> None:
    """What each version of a mapping fills is kept by source."""
    world.read(PODS, A1)
    world.knowledge = everything_known(2)
    world.read(PODS, A1)
    with world.writer.stage() as stage:
        assert stage.knowledge("kube", 1) == everything_known(1)
        assert stage.knowledge("kube", 2) == everything_known(2)
        assert stage.knowledge("kube", 3) is None
        assert stage.knowledge("cloud", 1) is None


def test_what_is_named_and_was_never_had_is_judged_once(world: World, store: GraphStore) -> None:
    """A complete look at the home of a key that somebody named makes one revision, and the next one makes none."""
    world.read(PODS, A1)
    world.pass_(seconds=10)
    assert world.read(NODES).mark is not None  # first look
    world.pass_(seconds=10)
    assert world.read(NODES).mark is None
    other = CLUSTER.child("k8s.node", "n2")
    world.read(PODS, document("a", "3", entity(POD), tie(POD, "RUNS_ON", other)))
    world.pass_(seconds=10)
    assert world.read(NODES).mark is not None
    assert world.read(NODES).mark is None
    assert store.head().number == 4


def test_forever_means_for_good(world: World, store: GraphStore) -> None:
    """An end that cites a forever alias stays tied after its holder is gone."""
    end = alias_end("id", "i-1", "aws.ec2.instance")
    world.read(CLOUD, document("x", "1", entity(MACHINES[0], forever("id", "i-1"))))
    world.read(CLOUD)
    world.read(CLOUD)
    world.read(NODES, document("n", "1", entity(NODE), tie(NODE, "REALIZED_BY", end)))
    with store.reader() as reader:
        (found,) = reader.relations([NODE], outgoing=True)
        assert found.target.key == MACHINES[0]
        assert numbered(list(reader.changes(ChangeFilter(words=frozenset({"REALIZED_BY"})), 9)))[0].named == (
            MACHINES[0],
            NODE,
        )


def test_a_token_that_moves_on_alone_changes_no_answer(world: World, store: GraphStore) -> None:
    """Evidence is the version that first stated what holds; a heartbeat is upkeep."""
    ref = DocumentRef("kube", "a")

    def heartbeat(token: str, position: int) -> None:
        states = A1.statements
        assert world.read(PODS, Position(position), document("a", token, *states)).mark is None

    world.read(PODS, Position(1), A1)
    heartbeat("7", 7)
    with store.reader() as reader:
        assert reader.documents([ref])[ref].version == "1"
    assert world.writer.known(PODS)[0]["a"].version == "7"
    stage_position = 5  # planned before the look at 7 was committed, and committed after it
    with world.writer.stage() as stage:
        stage.touch("kube", [("a", "5", stage_position)], 1)
        stage.publish(None)
    assert world.writer.known(PODS)[0]["a"].version == "7"


def test_a_document_that_only_states_a_tie_is_covered_where_its_source_stands(world: World, store: GraphStore) -> None:
    """Conclusions and what people add are such documents: known, compared, and ended like any other."""
    ties = Scope("asbuilt", "exposed", frozenset({"EXPOSED_BY"}), CLUSTER)
    elsewhere = Scope("asbuilt", "elsewhere", frozenset({"EXPOSED_BY"}), "k8s.cluster/two")
    anywhere = Scope("asbuilt", "anywhere", frozenset({"EXPOSED_BY"}))
    balancer = Key.of(("aws.elbv2.load_balancer", "front"))
    near = document("near", "", tie(SHOP.child("k8s.service", "cart"), "EXPOSED_BY", balancer))
    more = [document(f"m{n}", "", tie(SHOP.child("k8s.service", f"s{n}"), "EXPOSED_BY", balancer)) for n in range(3)]
    cited = document("cited", "", tie(alias_end("dns", "shop", "k8s.service"), "EXPOSED_BY", balancer))
    world.read(ties, near, *more)
    world.read(anywhere, near, *more, cited)
    assert set(world.writer.known(ties)[0]) == {"near", "m0", "m1", "m2"}
    assert set(world.writer.known(anywhere)[0]) == {"near", "m0", "m1", "m2", "cited"}
    assert not world.writer.known(elsewhere)[0]
    assert world.read(ties, near, *more).mark is None
    assert world.read(ties, *more).ended == 1
    with store.reader() as reader:
        assert len(reader.relations([balancer], outgoing=False)) == 4
