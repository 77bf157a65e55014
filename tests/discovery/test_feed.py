"""Does a feed keep the last word about each document, and let who hears too much wait?"""

import threading
import time

from discovery.feed import Feed
from graph.model import Ended, Position
from tests.discovery.worlds import Clock, configmap


def feed(most: int = 10) -> Feed:
    """A feed with room for so many documents."""
    return Feed(threading.Event(), Clock(), most)


def test_the_last_word_about_a_document_counts() -> None:
    """Words about one document become one, at the place of the last; an end is a word like any other."""
    one = feed()
    last = configmap("a", "4")
    for event in (configmap("a", "1"), configmap("b", "2"), Ended("uid-b", Position(3)), last):
        one.put(event)
    batch = one.take()
    assert batch is not None
    assert batch.events == (Ended("uid-b", Position(3)), last)
    assert batch.heard == 4
    assert one.take() is None


def test_a_bookmark_is_given_with_all_that_came_before_it() -> None:
    """The highest position heard goes with the batch, and alone where nothing else was told."""
    one = feed()
    one.put(Position(5))
    one.put(configmap("a", "7"))
    one.put(Position(9))
    batch = one.take()
    assert batch is not None
    assert (len(batch.events), batch.position) == (1, Position(9))
    one.put(Position(10))
    batch = one.take()
    assert batch is not None
    assert (batch.events, batch.position, batch.waited) == ((), Position(10), None)


def test_who_hears_more_than_there_is_room_for_waits() -> None:
    """Another document waits until a batch is taken; a further word about one that waits does not."""
    one = feed(most=2)
    one.put(configmap("a"))
    one.put(configmap("b"))
    assert one.put(configmap("b", "2"))
    waiting = threading.Thread(target=one.put, args=[configmap("c")], daemon=True)
    waiting.start()
    time.sleep(0.05)
    assert waiting.is_alive()
    batch = one.take()
    assert batch is not None
    assert len(batch.events) == 2
    waiting.join(5)
    batch = one.take()
    assert batch is not None
    assert [event.id for event in batch.events] == ["uid-c"]


def test_a_closed_feed_lets_who_waits_go() -> None:
    """So that stopping is not kept by a writer that takes nothing any more."""
    one = feed(most=1)
    one.put(configmap("a"))
    taken: list[bool] = []
    waiting = threading.Thread(target=lambda: taken.append(one.put(configmap("b"))), daemon=True)
    waiting.start()
    one.close()
    waiting.join(5)
    assert taken == [False]
