"""What is read, and how did it go: now, and as far as a past revision can tell?"""

from graph.analysis.sources import SourceView, sources
from tests.graph.analysis.shop import CONFIG, Shop, shop
from tests.graph.world import document, entity


def ask(made: Shop, revision: int | None = None) -> dict[str, SourceView]:
    """Ask for the sources, at a revision or the newest."""
    mark = None if revision is None else made.store.revision(revision)
    with made.store.reader(mark) as reader:
        return {view.name: view for view in sources(reader, newest=mark is None)}


def test_runs_that_change_nothing_show_at_the_newest_revision() -> None:
    """Ten quiet runs are one fold with their count; no revision tells of them."""
    made = shop("p1")
    number = made.store.head().number
    for _ in range(9):
        made.world.pass_(seconds=59)
        other = CONFIG.container.child("k8s.configmap", "other") if CONFIG.container else CONFIG
        made.read("configmaps", document("config", "1", entity(CONFIG)), document("other", "1", entity(other)))
    assert made.store.head().number == number
    [configmaps] = [scope for scope in ask(made)["prod"].scopes if scope.name == "configmaps"]
    assert [(runs.outcome, runs.count) for runs in configmaps.runs] == [("complete", 10)]
    assert configmaps.last_complete == made.world.now


def test_a_source_that_was_configured_later_is_not_in_the_past() -> None:
    """Nor is one that is configured no longer missing from it."""
    made = shop("p1")
    number = made.store.head().number
    before = ask(made, number)
    made.world.pass_(minutes=1)
    made.world.configure("other")
    assert ask(made, number) == before
    now = ask(made)
    assert (now["prod"].configured, now["other"].configured) == (False, True)
    assert {scope.status for scope in now["prod"].scopes} == {"vanished"}
    assert [(scope.name, scope.status) for scope in now["other"].scopes] == [("*", "never_read")]
