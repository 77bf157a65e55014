"""What do the tests ask of an API server, in plain HTTP and sharing no code with what they test?"""

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import urllib3
from ruamel.yaml import YAML

from tests.servers.errors import RequestRefused
from tests.servers.kubeconfig import Access
from tests.servers.process import wait_for

Manifest = dict[str, Any]
FIELD_MANAGER = "asbuilt-tests"
FIRST = ("Namespace", "CustomResourceDefinition")
RETRY_SECONDS = 15.0


class KubeApi:
    """A small client of one API server: raw requests, and apply, delete, read and list of manifests.

    Proxies and certificate bundles of the environment are not looked at. Errors are RequestRefused.
    """

    def __init__(self, access: Access) -> None:
        """Prepare to talk to `access`; nothing is sent yet."""
        self.access = access
        tls = access.tls() if access.server.startswith("https:") else None
        self._pool = urllib3.PoolManager(ssl_context=tls, maxsize=8, retries=False, timeout=30.0)
        self._resources: dict[str, dict[str, tuple[str, bool]]] = {}

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        query: Mapping[str, object] | None = None,
        content_type: str = "application/json",
        accept: str = "application/json",
    ) -> Manifest:
        """Send one request and return the JSON of its answer; `path` may carry its own query."""
        if query:
            path = f"{path}{'&' if '?' in path else '?'}{urlencode(query)}"
        headers = {"Accept": accept}
        if self.access.token:
            headers["Authorization"] = f"Bearer {self.access.token}"
        if body is not None:
            headers["Content-Type"] = content_type
        data = None if body is None else json.dumps(body).encode()
        answer = self._pool.request(method, self.access.server + path, body=data, headers=headers)
        if answer.status >= 400:
            raise RequestRefused(method, path, answer.status, answer.data.decode(errors="replace"))
        if "json" not in answer.headers.get("Content-Type", ""):  # /readyz and its kind answer in words
            return {"text": answer.data.decode(errors="replace")}
        decoded: Manifest = json.loads(answer.data)
        return decoded

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()

    def ready(self) -> bool:
        """Tell whether the server answers, and calls itself ready."""
        try:
            self.request("GET", "/readyz")
        except (urllib3.exceptions.HTTPError, RequestRefused):
            return False
        return True

    def apply(self, manifests: str | Iterable[Manifest]) -> list[Manifest]:
        """Apply YAML text or dicts server-side, namespaces first, a given `status` too; return them as stored.

        What other controllers must make first (a namespace's default ServiceAccount) is waited for.
        """
        wanted = list(documents(manifests))
        wanted.sort(key=lambda manifest: manifest["kind"] not in FIRST)
        return [self._apply_one(manifest) for manifest in wanted]

    def delete(self, manifests: str | Iterable[Manifest], *, wait: bool = True, timeout: float = 60.0) -> None:
        """Delete what the manifests name, the last first, and by default wait until it is gone; absent is fine."""
        paths = [self.path_of(manifest) for manifest in reversed(list(documents(manifests)))]
        for path in paths:
            try:
                self.request("DELETE", path, query={"propagationPolicy": "Background"})
            except RequestRefused as error:
                if error.status != 404:
                    raise
        if wait:
            wait_for(
                lambda: all(self.read(path) is None for path in paths),
                what="the end of what was deleted",
                timeout=timeout,
            )

    def read(self, path: str) -> Manifest | None:
        """Return the object at `path`, or None where there is none."""
        try:
            return self.request("GET", path)
        except RequestRefused as error:
            if error.status == 404:
                return None
            raise

    def items(self, path: str, **query: object) -> list[Manifest]:
        """Return the objects of the listing at `path`, all pages, such as `items("/api/v1/pods", limit=50)`."""
        return [item for page in self.pages(path, **query) for item in page["items"]]

    def pages(self, path: str, **query: object) -> Iterator[Manifest]:
        """Yield the pages of the listing at `path` as the server gives them; `limit` sets their size."""
        while True:
            page = self.request("GET", path, query=query)
            yield page
            token = page["metadata"].get("continue")
            if not token:
                return
            query["continue"] = token

    def patch(self, path: str, change: Manifest) -> Manifest:
        """Merge `change` into the object at `path` (JSON merge patch: null removes) and return it as stored."""
        return self.request("PATCH", path, change, content_type="application/merge-patch+json")

    def path_of(self, manifest: Manifest) -> str:
        """Return the path of the object that the manifest describes, as the server's discovery names it."""
        plural, namespaced = self._resource(manifest["apiVersion"], manifest["kind"])
        metadata = manifest["metadata"]
        scope = f"/namespaces/{metadata.get('namespace', 'default')}" if namespaced else ""
        return f"{_root(manifest['apiVersion'])}{scope}/{plural}/{metadata['name']}"

    def listing_of(self, group: str, plural: str) -> str:
        """Return the path that lists a resource everywhere, in the version that the server prefers of those it has."""
        versions = ["v1"]
        if group:
            found = self.request("GET", f"/apis/{group}")
            versions = [f"{group}/{one['version']}" for one in (found["preferredVersion"], *found["versions"])]
        for version in versions:
            if any(one["name"] == plural for one in self.request("GET", _root(version))["resources"]):
                return f"{_root(version)}/{plural}"
        raise LookupError(f"the server has no {plural} in group '{group}'; define them first")

    def _apply_one(self, manifest: Manifest) -> Manifest:
        path, stored = self.path_of(manifest), None
        query = {"fieldManager": FIELD_MANAGER, "force": "true"}
        end = time.monotonic() + RETRY_SECONDS
        while stored is None:
            try:
                stored = self.request("PATCH", path, manifest, query=query, content_type="application/apply-patch+yaml")
            except RequestRefused as error:
                early = error.status == 403 and "error looking up service account" in error.body
                if not early or time.monotonic() > end:
                    raise
                time.sleep(0.1)
        if "status" in manifest:
            stored = self.patch(f"{path}/status", {"status": manifest["status"]})
        return stored

    def _resource(self, api_version: str, kind: str) -> tuple[str, bool]:
        """Look up the plural name of a kind, and whether it lives in namespaces; asked of the server once."""
        known = self._resources.get(api_version, {})
        if kind not in known:
            listed = self.request("GET", _root(api_version))["resources"]
            known = {
                entry["kind"]: (entry["name"], entry["namespaced"]) for entry in listed if "/" not in entry["name"]
            }
            self._resources[api_version] = known
        return known[kind]


def documents(manifests: str | Iterable[Manifest]) -> Iterator[Manifest]:
    """Yield the manifests in YAML text, or those given, with `List` objects opened."""
    loaded = YAML(typ="safe", pure=True).load_all(manifests) if isinstance(manifests, str) else manifests
    for manifest in loaded:
        if not manifest:
            continue
        if manifest["kind"] == "List":
            yield from manifest["items"]
        else:
            yield manifest


def _root(api_version: str) -> str:
    return f"/api/{api_version}" if "/" not in api_version else f"/apis/{api_version}"
