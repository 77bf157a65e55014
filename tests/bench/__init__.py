"""What does a cycle cost? Ratios in one run, never a timed test."""
