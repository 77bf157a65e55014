"""The voice: the graph over HTTP and on the command line, for people and tools."""
