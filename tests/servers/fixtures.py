"""How does a test ask for a server? By naming one of these fixtures, and wearing the mark `server`."""

import os
from collections.abc import Iterator
from contextlib import nullcontext
from typing import TYPE_CHECKING

import pytest

from tests.servers.errors import ServerUnavailable
from tests.servers.fault_proxy import FaultProxy
from tests.servers.kubernetes import ControlPlane

if TYPE_CHECKING:
    from tests.servers.neo4j_server import Neo4jServer

LOOPBACK = "127.0.0.1,localhost"


def bypass_proxies() -> None:
    """Keep loopback traffic of the program under test away from a proxy that the environment names."""
    for name in ("NO_PROXY", "no_proxy"):
        before = os.environ.get(name, "")
        if LOOPBACK not in before:
            os.environ[name] = f"{before},{LOOPBACK}".strip(",")


@pytest.fixture(scope="session")
def control_plane(request: pytest.FixtureRequest) -> Iterator[ControlPlane]:
    """Give the control plane of this test run, started once; tests keep to namespaces of their own, or `reset()` it.

    Capturing is off while it starts, so that a build of minutes shows its progress.
    """
    bypass_proxies()
    capture = request.config.pluginmanager.getplugin("capturemanager")
    plane = ControlPlane()
    try:
        with capture.global_and_fixture_disabled() if capture else nullcontext():
            plane.start()
        yield plane
    except ServerUnavailable as reason:
        pytest.skip(f"server: {reason}")
    finally:
        plane.stop()


@pytest.fixture
def cluster(control_plane: ControlPlane) -> Iterator[ControlPlane]:
    """Give the control plane with nothing on it but the system's own, and take away afterwards what the test made."""
    if not control_plane.simulated:
        pytest.skip("server: this cluster does not simulate its nodes and pods, which the test needs")
    yield control_plane
    control_plane.reset()


@pytest.fixture
def fault_proxy(control_plane: ControlPlane) -> Iterator[FaultProxy]:
    """Give a proxy before the control plane that passes everything until it is told otherwise."""
    with FaultProxy(control_plane.access) as proxy:
        yield proxy


@pytest.fixture(scope="session")
def neo4j_server(request: pytest.FixtureRequest) -> "Iterator[Neo4jServer]":
    """Give the Neo4j server of this test run, started once; a test that writes begins with `wipe()`.

    Capturing is off while it starts, so that fetching it shows its progress.
    """
    from tests.servers.neo4j_server import Neo4jServer  # only who asks for it pays for the driver's import

    capture = request.config.pluginmanager.getplugin("capturemanager")
    server = Neo4jServer()
    try:
        with capture.global_and_fixture_disabled() if capture else nullcontext():
            server.start()
        yield server
    except ServerUnavailable as reason:
        pytest.skip(f"server: {reason}")
    finally:
        server.discard()
