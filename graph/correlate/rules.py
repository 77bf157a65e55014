"""Which rules are there?"""

from __future__ import annotations

from graph.correlate.grants import Grants
from graph.correlate.rule import Rule
from graph.correlate.selected import DISRUPTION, PROTECTION
from graph.correlate.selector import Selector

RULES: tuple[Rule, ...] = (Selector(), PROTECTION, DISRUPTION, Grants())
"""Every rule, in the order in which they conclude. No rule reads what another concludes, so any order is right."""
