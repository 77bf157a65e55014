"""Does an alias mean its holder, and nobody else?"""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from graph.identity import Claim, Seen, contested, holders, resolve
from graph.model import Alias, Holding, Interval, Key, KeyEnd, Tie
from tests.graph.world import START, alias_end

ONE, TWO = (Key.of(("cloud.account", "1"), ("aws.ec2.instance", id_)) for id_ in ("i-1", "i-2"))
POD = Key.of(("k8s.cluster", "c"), ("k8s.pod", "p"))


def _at(minute: int) -> datetime:
    return START + timedelta(minutes=minute)


def _claim(key: Key, holding: Holding, minute: int, *, in_force: bool = True) -> Claim:
    taken = Interval(_at(minute), _at(minute + 1))
    return Claim(Alias("ip", "net|10.0.0.1", holding), key, "cloud", key.id, taken, in_force)


def _seen(**minutes: int) -> Seen:
    return lambda claim: _at(minutes[claim.document]) if claim.document in minutes else None


@pytest.mark.parametrize(
    ("claims", "seen", "meant"),
    [
        ([(ONE, 0)], {}, {ONE}),
        ([(ONE, 0), (TWO, 10)], {}, {TWO}),
        ([(ONE, 0), (TWO, 10)], {"i-1": 5}, {TWO}),
        ([(ONE, 0), (TWO, 10)], {"i-1": 10}, {TWO}),  # that listing began before the taking was over
        ([(ONE, 0), (TWO, 10)], {"i-1": 11}, {ONE, TWO}),
        ([(ONE, 0), (TWO, 10)], {"i-2": 20}, {TWO}),
        ([(ONE, 10), (TWO, 10)], {}, {ONE, TWO}),  # first seen together: nobody was seen taking it last
        ([(ONE, 0), (POD, 10)], {}, {ONE, POD}),  # one holder of each kind
    ],
)
def test_an_exclusive_alias_belongs_to_who_was_seen_taking_it_last(
    claims: list[tuple[Key, int]], seen: dict[str, int], meant: set[Key]
) -> None:
    """It is ambiguous only once an earlier holder is seen with it again, in whatever order that is told."""
    told = [_claim(key, Holding.EXCLUSIVE, minute) for key, minute in claims]
    for order in (told, told[::-1]):
        assert set(holders(order, (), _seen(**seen))) == meant


def test_a_claim_no_longer_in_force_holds_an_exclusive_alias_no_longer() -> None:
    """Past holders count for forever aliases only."""
    for holding, meant in ((Holding.EXCLUSIVE, ()), (Holding.SHARED, ()), (Holding.FOREVER, (ONE,))):
        assert holders([_claim(ONE, holding, 0, in_force=False)], (), lambda _: None) == meant


def test_an_end_means_only_the_kinds_that_it_names() -> None:
    """An address of a pod is no address of an instance."""
    claims = [_claim(ONE, Holding.EXCLUSIVE, 0), _claim(POD, Holding.EXCLUSIVE, 0)]
    assert resolve(alias_end("ip", "net|10.0.0.1", "k8s.pod"), claims, lambda _: None).keys == (POD,)
    assert resolve(alias_end("ip", "net|10.0.0.1", "k8s.node"), claims, lambda _: None).tie is Tie.OPEN
    assert resolve(alias_end("ip", "net|10.0.0.1"), claims, lambda _: None).tie is Tie.AMBIGUOUS


def test_a_key_under_a_configured_name_means_the_path_under_its_holder() -> None:
    """While nobody holds the name, the key as minted stands; held by two, it is ambiguous."""
    minted = KeyEnd(Key.by_name("k8s.cluster", "prod").child("k8s.node", "n1"), "uid")
    clusters = [Key.of(("k8s.cluster", uid)) for uid in ("u1", "u2")]
    held = [
        Claim(Alias("k8s.cluster.name", "prod", Holding.EXCLUSIVE), key, "s", "d", Interval(None, _at(0)))
        for key in clusters
    ]
    assert resolve(minted, (), lambda _: None).keys == (minted.key,)
    assert resolve(minted, held[:1], lambda _: None).keys == (clusters[0].child("k8s.node", "n1"),)
    assert resolve(minted, held[:1], lambda _: None).incarnation == "uid"
    assert resolve(minted, held, lambda _: None).tie is Tie.AMBIGUOUS


def test_only_several_exclusive_holders_of_one_kind_contest_an_alias() -> None:
    """What is shared, or held by one of each kind, is no contest."""
    assert contested([_claim(ONE, Holding.EXCLUSIVE, 0), _claim(TWO, Holding.EXCLUSIVE, 5)])
    assert not contested([_claim(ONE, Holding.EXCLUSIVE, 0), _claim(POD, Holding.EXCLUSIVE, 5)])
    assert not contested([_claim(ONE, Holding.SHARED, 0), _claim(TWO, Holding.SHARED, 5)])
