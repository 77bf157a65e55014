"""Is each document opened, revised, ended or left alone exactly when it should be?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from graph.model import Document, Ended, Key, Position, Scope, Statement, Value
from graph.plan import DocumentChanges, EndReason, Known, mapped_document, plan, plan_watch
from tests.graph.world import document, entity

CLUSTER = Key.of(("k8s.cluster", "c"))
SCOPE = Scope("kube", "nodes", frozenset({"k8s.node"}), CLUSTER)
PAGED = replace(SCOPE, snapshot=False)


def _document(name: str, version: str = "1", uid: str | None = None, **attributes: Value) -> Document:
    id_ = uid or name
    return document(id_, version, entity(CLUSTER.child("k8s.node", name), incarnation=id_, **attributes))


def _known(
    *documents: Document, position: int | None = None, missed: bool = False, gone: bool = False
) -> dict[str, Known]:
    known = {}
    for one in documents:
        mapped = mapped_document(one, SCOPE, 1, None)
        first = Known(mapped.fingerprint, 1, one.version, None, mapped.subject, mapped.incarnation)
        known[one.id] = replace(first, position=position, missed=missed, gone=gone)
    return known


def _plan(
    known: dict[str, Known], *listed: Document | Position, scope: Scope = SCOPE, mapping: int = 1
) -> DocumentChanges:
    return plan(known, listed, scope=scope, mapping=mapping)


def _outcome(changes: DocumentChanges) -> dict[str, object]:
    return {
        "mapped": [one.id for one in changes.mapped],
        "touched": [id_ for id_, *_ in changes.touched],
        "ended": [(one.id, one.reason) for one in changes.ended],
        "missed": changes.missed,
        "found": changes.found,
    }


A, B, C, D = (_document(name) for name in "abcd")
NOTHING: dict[str, object] = {"mapped": [], "touched": [], "ended": [], "missed": [], "found": []}


@pytest.mark.parametrize(
    ("known", "listed", "scope", "outcome"),
    [
        pytest.param({}, [A], SCOPE, {"mapped": ["a"]}, id="new"),
        pytest.param(_known(A), [A], SCOPE, {}, id="unchanged"),
        pytest.param(_known(A), [_document("a", "2")], SCOPE, {"touched": ["a"]}, id="only the token moved"),
        pytest.param(_known(A), [_document("a", "2", ready=True)], SCOPE, {"mapped": ["a"]}, id="revised"),
        pytest.param(_known(A, B, C), [A, B], SCOPE, {"ended": [("c", EndReason.ABSENT)]}, id="absent from a snapshot"),
        pytest.param(_known(A, B, C), [A, B], PAGED, {"missed": ["c"]}, id="absent from pages"),
        pytest.param(
            _known(A, B) | _known(C, missed=True),
            [A, B],
            PAGED,
            {"ended": [("c", EndReason.ABSENT)]},
            id="twice in a row",
        ),
        pytest.param(_known(A, B) | _known(C, missed=True), [A, B, C], PAGED, {"found": ["c"]}, id="found again"),
        pytest.param(_known(A, B), [A], SCOPE, {"ended": [("b", EndReason.ABSENT)]}, id="half is no doubt"),
        pytest.param(_known(A, B, C), [A], SCOPE, {"missed": ["b", "c"]}, id="more than half is doubted"),
        pytest.param(_known(A), [], SCOPE, {"missed": ["a"]}, id="the only one is more than half"),
        pytest.param(
            _known(A) | _known(B, C, missed=True),
            [A],
            SCOPE,
            {"ended": [("b", EndReason.ABSENT), ("c", EndReason.ABSENT)]},
            id="more than half, confirmed",
        ),
        pytest.param(
            _known(A, B, C, D),
            [_document(name, "9", uid=f"new-{name}") for name in "abcd"],
            SCOPE,
            {
                "mapped": ["new-a", "new-b", "new-c", "new-d"],
                "ended": [(name, EndReason.REPLACED) for name in "abcd"],
            },
            id="all replaced, without doubt",
        ),
        pytest.param(_known(A, position=9), [Position(8)], SCOPE, {}, id="the watch is past this listing"),
        pytest.param(_known(A, position=9, gone=True), [Position(8), A], SCOPE, {}, id="no resurrection"),
        pytest.param(_known(A, position=9, gone=True), [Position(10), A], SCOPE, {"mapped": ["a"]}, id="it is back"),
        pytest.param({}, [Position(1), A, Position(2), B], SCOPE, {"mapped": ["b"]}, id="the listing began again"),
        pytest.param({}, [A, A], SCOPE, {"mapped": ["a"]}, id="pages overlap"),
    ],
)
def test_the_table_of_worlds(
    known: dict[str, Known], listed: Sequence[Document | Position], scope: Scope, outcome: dict[str, object]
) -> None:
    """What is known, what is listed, what is planned."""
    assert _outcome(plan(known, listed, scope=scope, mapping=1)) == NOTHING | outcome


def test_an_unchanged_document_is_not_even_mapped() -> None:
    """A token that did not move is all that is looked at."""

    def read() -> Sequence[Statement]:
        raise AssertionError("mapped")

    assert _plan(_known(A), Document("a", "1", read)).empty


def test_another_mapping_maps_again_and_keeps_quiet_when_it_reads_the_same() -> None:
    """The token did not move, but what it means may have."""
    changes = _plan(_known(A), A, mapping=2)
    assert changes.touched == [("a", "1", None)]
    assert changes.empty


def test_a_source_without_tokens_is_compared_by_what_it_states() -> None:
    """An empty token is never equal to itself."""
    first = _document("a", "")
    assert _plan(_known(first), first).touched == []
    assert _plan(_known(first), first).empty
    assert len(_plan(_known(first), _document("a", "", ready=True)).mapped) == 1


def test_a_listing_that_raises_plans_nothing() -> None:
    """Exhausting the iterator is the proof of completeness, and there is no other."""

    def pages() -> Iterator[Document]:
        yield A
        raise TimeoutError("page 2")

    with pytest.raises(TimeoutError):
        plan(_known(A, B), pages(), scope=SCOPE, mapping=1)


def test_what_an_ended_document_left_behind_is_forgotten_by_a_listing_past_it() -> None:
    """A deletion leaves its position until then."""
    known = _known(A, position=9, gone=True)
    assert _plan(known, Position(8)).forgotten == []
    assert _plan(known, Position(9)).forgotten == ["a"]


def test_a_watch_ends_opens_and_revises_at_once() -> None:
    """The source itself says so: no doubt, and stale events change nothing."""
    known = _known(A, B, position=5)
    events: list[Document | Ended | Position] = [
        Ended("a", Position(7)),
        _document("b", "4", ready=True),  # older than what is known
        _document("c", "8"),
        _document("c", "9", ready=True),
    ]
    changes = plan_watch(known, events, scope=SCOPE, mapping=1, holders={})
    assert _outcome(changes) == NOTHING | {"mapped": ["c"], "ended": [("a", EndReason.SAID)]}
    assert [one.position for one in changes.mapped] == [9]


def test_a_watch_that_shows_a_key_anew_ends_who_held_it() -> None:
    """Added before deleted: a replacement all the same."""
    known = _known(A)
    changes = plan_watch(
        known, [_document("a", "8", uid="new")], scope=SCOPE, mapping=1, holders={CLUSTER.child("k8s.node", "a"): "a"}
    )
    assert [(one.id, one.reason) for one in changes.ended] == [("a", EndReason.REPLACED)]
