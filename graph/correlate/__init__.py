"""What follows from the statements of two documents? Rules, each small and declared, as observers of the graph.

A rule reads the graph as a collector reads a cluster: its source is `asbuilt`, its scope the rule, its documents the
conclusions, each with a method and a confidence. So conclusions have versions, evidence, history and freshness like
everything else. `rule` says what a rule promises, `engine` runs one, `rules` lists those that there are.
"""

from graph.correlate.engine import Concluded, Engine
from graph.correlate.rule import Rule
from graph.correlate.rules import RULES

__all__ = ["RULES", "Concluded", "Engine", "Rule"]
