"""The memory: what is true, since when, according to whom; and the questions it can answer."""
