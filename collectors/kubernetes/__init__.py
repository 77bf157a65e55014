"""What does this cluster say exists? Client (I/O) and mapping (pure) apart.

`settings` says which cluster, `connection` reaches it, `client` asks it, `served` learns what it serves, `resources` is
the table of what is read, `mapping` turns raw objects into statements, and `collector` puts these together.
"""

from collectors.kubernetes.collector import plugin

__all__ = ["plugin"]
