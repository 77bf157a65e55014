"""Which part of a path is the key? Pairs of segments: so a suffix such as /where is never taken for a part of it."""

from __future__ import annotations

from starlette.convertors import Convertor, register_url_convertor


class KeyConvertor(Convertor[str]):
    """An even number of segments. A key has kind/id pairs, so a word after it makes the number odd."""

    regex = "[^/]+/[^/]+(?:/[^/]+/[^/]+)*"

    def convert(self, value: str) -> str:
        """Give the key as text; whether it is one is for the question to say."""
        return value

    def to_string(self, value: str) -> str:
        """Give the key as a path."""
        return value


register_url_convertor("key", KeyConvertor())

KEY_PATH = "/v1/entities/{key:key}"
