"""What does every test of discovery begin with? Logs as nobody has configured them."""

from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture(autouse=True)
def unconfigured_logs() -> Iterator[None]:
    """Undo what a command does to the logs of the whole process."""
    structlog.reset_defaults()
    yield
    structlog.reset_defaults()
