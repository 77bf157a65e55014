"""How are the sizes of an estate distributed, and who has published that?

Looked up: the abstracts and tables named here. From memory: what is marked so; it could not be looked up again.

    pods of a workload   bounded Pareto, exponent 0.69: the exponent of the compute of Google's jobs in May 2019
                         (Tirmazi et al., "Borg: the Next Generation", EuroSys 2020; its abstract has the top 1 % of
                         jobs use over 99 % of the resources; the exponent is from memory). Bounded at 5,000 it has a
                         mean of 29, and Alibaba's 67,760 microservices have 1,866,091 instances, 28 each (Winchester
                         et al., "Complexity at Scale", arXiv 2504.13141, table 1).
    calls of a service   Zipf by rank: few services are called by many. Hot spots and heavy tails: Luo et al.,
                         "Characterizing Microservice Dependency and Performance: Alibaba Trace Analysis", SoCC 2021
                         (abstract), and Winchester et al. The exponent 0.81 is that of a power law of 2.23, which Huye
                         et al., "Lifting the veil on Meta's microservice architecture", USENIX ATC 2023, give for the
                         endpoints of a service (as reported elsewhere); for fan-in it is our own choice.
    base images          Zipf by rank, exponent 1: our own choice.
    cluster              at most 150,000 pods, 300,000 containers and 5,000 nodes of at most 110 pods ("Considerations
                         for large clusters", kubernetes.io).
    pods of a node       each pod on any node of its cluster alike, 30 on average: our own choice.
    containers of a pod  1 to 3, as often as `tests.bench.pods` has it: our own choice.
"""

from __future__ import annotations

from collections.abc import Sequence

PARETO = 0.69
"""Exponent of the pods of a workload."""
LARGEST_WORKLOAD = 5_000
CALLED = 0.81
"""Zipf exponent of the services that are called."""
BASE_IMAGE = 1.0
"""Zipf exponent of the images that others are built from."""
PODS_PER_CLUSTER = 150_000
CONTAINERS_PER_CLUSTER = 300_000
NODES_PER_CLUSTER = 5_000
PODS_PER_NODE = 30

_MASK = (1 << 64) - 1


def mixed(*numbers: int) -> int:
    """Mix integers into 64 bits that look random and are always the same (splitmix64, Steele et al., OOPSLA 2014)."""
    state = 0
    for number in numbers:
        state = (state + number + 0x9E3779B97F4A7C15) & _MASK
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _MASK
        state ^= state >> 31
    return state


def unit(*numbers: int) -> float:
    """Give a number from 0 up to 1, mixed from integers."""
    return mixed(*numbers) / (1 << 64)


def pareto(share: float, largest: int, exponent: float = PARETO) -> int:
    """Give the size at a share (from 0 up to 1) of a Pareto distribution that is bounded by 1 and `largest`."""
    return min(largest, int((1.0 - share * (1.0 - largest**-exponent)) ** (-1.0 / exponent)))


def zipf(share: float, count: int, exponent: float) -> int:
    """Give the rank, 0 to count - 1, at a share of a Zipf distribution, by the integral that stands for its sum."""
    if exponent == 1.0:
        return min(count - 1, int((count + 1) ** share) - 1)
    power = 1.0 - exponent
    return min(count - 1, int((share * ((count + 1) ** power - 1.0) + 1.0) ** (1.0 / power)) - 1)


def weighted(share: float, table: Sequence[tuple[int, float]]) -> int:
    """Give the value at a share of a table of (value, how often)."""
    for value, often in table:
        share -= often
        if share < 0:
            return value
    return table[-1][0]
