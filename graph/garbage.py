"""How often should Python look for cyclic garbage, in a process that decodes hundreds of thousands of objects?

A page of a listing is a tree of dictionaries that is dropped whole; it holds no cycles. At Python's defaults the
collector walks it many times over while it is decoded, which costs more than the decoding itself: with orjson, and pods
of 4.5 KB, 50 to 68 microseconds a pod instead of 21 to 27 (measured here, with the collector on and off). So it is with
an answer: what a failure reaches is thousands of small objects that all live until it is told (4,500 of them: 73 ms of
CPU at the defaults, 50 so; in one answer of a hundred, 102 and 58).
"""

from __future__ import annotations

import gc

_ALLOCATIONS = 100_000
"""New containers between two looks at the youngest generation: a few pages' worth."""


def look_seldom() -> None:
    """Let the garbage collector of this process look seldom, and never at what the program itself is made of."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS, 20, 20)
