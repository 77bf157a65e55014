"""A real cluster in, a dated answer out: nothing between them is played."""
