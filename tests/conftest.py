"""How is every test run? Profiles of Hypothesis, what runs only when asked for, and what a missing server means."""

import os
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings

from tests.stores import NEO4J, closing_what_is_opened

pytest_plugins = ["tests.servers.fixtures"]

REQUIRE_SERVERS = os.environ.get("ASBUILT_REQUIRE_SERVERS") == "1"
WANT_OF_A_SERVER = "server:"

# No deadline anywhere: a slow machine is not a wrong program.
settings.register_profile("dev", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.register_profile(
    "soak", deadline=None, max_examples=5_000, stateful_step_count=200, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("dev")  # --hypothesis-profile overrides


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the long campaigns, unless -m speaks of them. What is held for the store in Neo4j needs its server."""
    for item in items:
        spec = getattr(item, "callspec", None)
        if spec is not None and NEO4J in spec.params.values():
            item.add_marker("server")
    if "long" in config.getoption("markexpr"):
        return
    campaigns = [item for item in items if item.get_closest_marker("long")]
    if campaigns:
        config.hook.pytest_deselected(items=campaigns)
        items[:] = [item for item in items if item not in campaigns]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, object, object]:
    """Let no store that a test opened itself go on beside the next one."""
    with closing_what_is_opened():
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Report a test that found no server as failed, where servers are required."""
    report = yield
    if REQUIRE_SERVERS:
        fail_for_want_of_a_server(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Report a module that found no server as failed, where servers are required."""
    report = yield
    if REQUIRE_SERVERS:
        fail_for_want_of_a_server(report)
    return report


def fail_for_want_of_a_server(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip whose reason begins with `server:` into a failure that shows the reason."""
    if report.outcome == "skipped" and isinstance(report.longrepr, tuple):
        reason = report.longrepr[2].removeprefix("Skipped: ")
        if reason.startswith(WANT_OF_A_SERVER):
            report.outcome = "failed"
            report.longrepr = f"{reason} (ASBUILT_REQUIRE_SERVERS=1 makes this a failure)"
