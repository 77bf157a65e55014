"""The questions on the command line, one file each. They read the store itself, so that no server is needed.

What a command needs is imported when it runs: help comes at once.
"""
