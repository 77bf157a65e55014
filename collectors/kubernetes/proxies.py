"""By which proxy is an address reached, and who are we to that?"""

from __future__ import annotations

import base64
import ipaddress
from collections.abc import Callable
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies

from kubernetes.client.rest import should_bypass_proxies

from collectors.contract import Failed

_bypassed: Callable[[str, str], bool] = should_bypass_proxies
"""The official client's word, by names, suffixes and networks."""


def is_address(text: str) -> bool:
    """Tell whether a text is the address of a server: scheme, host, and a port that can be."""
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def is_loopback(host: str) -> bool:
    """Tell whether an address is on this machine."""
    name = urlsplit(host).hostname or ""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def of_environment(address: str) -> str | None:
    """Give the proxy that HTTPS_PROXY, ALL_PROXY and NO_PROXY name for an address; for this machine there is none."""
    proxies = getproxies()
    if is_loopback(address) or _bypassed(address, proxies.get("no", "")):
        return None
    proxy = proxies.get(urlsplit(address).scheme) or proxies.get("all")
    return f"http://{proxy}" if proxy and "://" not in proxy else proxy


def login_to(proxy: str) -> dict[str, str]:
    """Give the headers by which a proxy is logged in to as its address says. Raise Failed where that is of no use."""
    if not is_address(proxy):
        raise Failed(
            "the way there is by a proxy that is of no use here; set proxy-url in the kubeconfig, or HTTPS_PROXY, to an"
            " address that begins with http:// or https://"
        )
    parts = urlsplit(proxy)
    if not parts.username:
        return {}
    login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {"proxy-authorization": f"Basic {base64.b64encode(login.encode()).decode()}"}
