"""What does this cluster say exists? Client (I/O) and mapping (pure) apart.

`settings` says which cluster, `kubeconfig`, `login` and `proxies` how to get in, `connection` reaches it, `client` asks
it, `served` learns what it serves, `resources` is the table of what is read, `mapping` turns raw objects into
statements, `permissions` writes what all this must be allowed, and `collector` puts it together.
"""

from collectors.kubernetes.collector import plugin

__all__ = ["plugin"]
