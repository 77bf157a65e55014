"""The real servers that tests, demos and benchmarks talk to, and how each comes to run here.

One rule for all of them, in this order: an address or a folder in an environment variable, then what an earlier run
left in a cache folder outside the checkout, then built or resolved now with its progress shown. README.md has the rest.
"""
