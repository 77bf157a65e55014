"""How is an OpenID Connect login of a kubeconfig kept good: which token does the issuer give for the refresh token?

The issuer is asked over TLS that is verified always. What it gives is kept in memory alone: where an issuer takes each
refresh token only once, kubectl and Asbuilt need one each, or a login program (`exec`).
"""

from __future__ import annotations

import base64
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson
import urllib3
from urllib3.exceptions import HTTPError

from collectors.contract import Failed
from collectors.kubernetes.certificates import spoken
from collectors.kubernetes.login import Credentials, bearer
from collectors.kubernetes.proxies import login_to, of_environment

_TIMEOUT = urllib3.Timeout(connect=5.0, read=30.0)
_HERE = frozenset({"localhost", "127.0.0.1", "::1"})


class FromIssuer:
    """The `auth-provider` named oidc: an id token, and what gets the next one."""

    def __init__(self, config: Mapping[str, Any], folder: Path) -> None:
        """Take the `config` of the provider, and the kubeconfig's folder."""
        self._config = config
        self._folder = folder
        self._refresh = str(config.get("refresh-token") or "")
        self._held = bearer(str(config.get("id-token") or ""))

    def credentials(self) -> Credentials:
        if self._held.over or not self._config.get("id-token"):
            if not self._refresh:
                ended = f" expired on {spoken(self._held.until)}" if self._held.until else " is missing"
                raise Failed(f"the id token{ended}, and the kubeconfig has no refresh token; log in again")
            self._held = self._renewed()
        return self._held

    def _renewed(self) -> Credentials:
        issuer = str(self._config.get("idp-issuer-url") or "")
        _refuse_plain(issuer)
        with self._pool(issuer) as pool:
            told = self._asked(pool, "GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration", {}, {})
            endpoint = str(told.get("token_endpoint") or "")
            _refuse_plain(endpoint)
            client, secret = (str(self._config.get(name) or "") for name in ("client-id", "client-secret"))
            fields = {"grant_type": "refresh_token", "refresh_token": self._refresh, "client_id": client}
            headers = {}
            methods = told.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
            if secret and "client_secret_basic" in methods:
                headers["authorization"] = "Basic " + base64.b64encode(f"{client}:{secret}".encode()).decode()
            elif secret:
                fields["client_secret"] = secret
            given = self._asked(pool, "POST", endpoint, headers, fields)
        token = given.get("id_token")
        if not isinstance(token, str) or not token:
            raise Failed(f"the issuer {_place(issuer)} gave no id token; log in again")
        self._refresh = str(given.get("refresh_token") or self._refresh)
        return bearer(token)

    def _asked(
        self, pool: urllib3.PoolManager, method: str, url: str, headers: Mapping[str, str], fields: Mapping[str, str]
    ) -> dict[str, Any]:
        try:
            body = urlencode(fields) if fields else None
            sent = dict(headers) | ({"content-type": "application/x-www-form-urlencoded"} if fields else {})
            answer = pool.request(method, url, headers=sent, body=body, redirect=False)
        except HTTPError as error:
            raise Failed(
                f"the issuer {_place(url)} could not be asked for a token ({type(error).__name__}); check that it is"
                " reached, and idp-certificate-authority"
            ) from None
        if answer.status != 200:
            raise Failed(f"the issuer {_place(url)} gives no token ({answer.status}); log in again")
        try:
            decoded = orjson.loads(answer.data)
        except orjson.JSONDecodeError:
            decoded = None
        if not isinstance(decoded, dict):
            raise Failed(f"the issuer {_place(url)} answers with no JSON object; check idp-issuer-url")
        return decoded

    def _pool(self, issuer: str) -> urllib3.PoolManager:
        data, file = (self._config.get(f"idp-certificate-authority{end}") for end in ("-data", ""))
        try:
            text = base64.b64decode(data).decode() if data else None
            context = ssl.create_default_context(
                cafile=str(self._folder / file) if file and not data else None, cadata=text
            )
        except (OSError, ValueError) as error:
            raise Failed(
                f"idp-certificate-authority of the issuer {_place(issuer)} cannot be read ({type(error).__name__});"
                " correct it in the kubeconfig"
            ) from None
        if proxy := of_environment(issuer):
            headers = login_to(proxy)
            return urllib3.ProxyManager(
                proxy, proxy_headers=headers, ssl_context=context, timeout=_TIMEOUT, retries=False
            )
        return urllib3.PoolManager(ssl_context=context, timeout=_TIMEOUT, retries=False)


def _refuse_plain(url: str) -> None:
    """Raise Failed where a refresh token would travel in the open."""
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in _HERE:
        raise Failed(f"the issuer {_place(url)} is not reached by https, so no token is sent; correct idp-issuer-url")


def _place(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
