"""What can a database hold already? A first load is nearly all new, and need not ask the server for each of it.

A Bloom filter over all that was written since the database was empty: what it does not know was never written. It may
take something for written that was not; then the server is asked, and says so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

_BITS = 1 << 27
_MASK = _BITS - 1
"""16 MB: with ten million texts in it, one of fifty that are new is asked for."""


class Written:
    """What one writer has written. empty: whether there was nothing before; where not, everything may be there."""

    def __init__(self, *, empty: bool) -> None:
        self._bits = bytearray(_BITS >> 3) if empty else None

    def add(self, sort: str, texts: Iterable[str]) -> None:
        """Note texts of a sort that are written now."""
        bits = self._bits
        if bits is None:
            return
        for text in texts:
            place = hash((sort, str(text)))
            bits[(place & _MASK) >> 3] |= 1 << (place & 7)
            place >>= 30
            bits[(place & _MASK) >> 3] |= 1 << (place & 7)

    def among(self, sort: str, texts: Collection[str]) -> list[str]:
        """Give those of some texts that may have been written, in their order."""
        bits = self._bits
        if bits is None:
            return [str(text) for text in texts]
        found = []
        for text in texts:
            place = hash((sort, str(text)))
            if bits[(place & _MASK) >> 3] >> (place & 7) & 1:
                place >>= 30
                if bits[(place & _MASK) >> 3] >> (place & 7) & 1:
                    found.append(str(text))
        return found
