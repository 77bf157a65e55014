"""Why is there no server: can this machine not give one, or did one that it gave fail?"""


class ServerUnavailable(Exception):
    """The server cannot be had on this machine; a test that needs it is skipped with this sentence."""


class ServerDied(Exception):
    """A server that was started ended, or never became ready; the message carries the last lines of its log."""


class NotInTime(Exception):
    """What was waited for did not come before its deadline; the message says what, and what was seen last."""


class RequestRefused(Exception):
    """An API server answered a request with an error status."""

    def __init__(self, method: str, path: str, status: int, body: str) -> None:
        """Keep the status beside the sentence, for those who expect it."""
        super().__init__(f"{method} {path} was answered {status}: {body[:500]}")
        self.status = status
        self.body = body
