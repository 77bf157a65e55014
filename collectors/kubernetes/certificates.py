"""Until when is a certificate good, and for which names? What a person needs to know once a server or we are refused.

Only dates and names are read of it (RFC 5280): whether it can be trusted is for TLS alone to say.
"""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

_SEQUENCE, _OBJECT, _OCTETS, _SHORT_YEAR = 0x30, 0x06, 0x04, 0x17
_VERSION, _EXTENSIONS, _DNS, _ADDRESS = 0xA0, 0xA3, 0x82, 0x87
_ALTERNATIVE_NAMES = bytes((0x55, 0x1D, 0x11))
_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"

SHOWN = 8
"""Names of a certificate that a sentence lists."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a certificate says of itself: from when and until when it is good, and for which names and addresses."""

    begins: datetime
    ends: datetime
    names: tuple[str, ...] = ()

    @property
    def listed(self) -> str:
        """Its names for a sentence; nothing is cut in silence."""
        more = len(self.names) - SHOWN
        shown = ", ".join(self.names[:SHOWN]) or "none at all"
        return f"{shown} and {more} more" if more > 0 else shown


def read_der(der: bytes) -> Certificate | None:
    """Read a certificate, or give None where it is none."""
    try:
        ((_, certificate),) = _elements(der)
        (_, body), *_ = _elements(certificate)
        fields = [field for field in _elements(body) if field[0] != _VERSION]
        begins, ends = (_instant(tag, value) for tag, value in _elements(fields[3][1]))
        extensions = next((value for tag, value in fields if tag == _EXTENSIONS), b"")
        return Certificate(begins, ends, tuple(_names(extensions)))
    except (ValueError, IndexError):
        return None


def read_pem(text: str) -> Certificate | None:
    """Read the first certificate of a PEM text, which is the one that speaks for whoever shows it."""
    _, begin, rest = text.partition(_BEGIN)
    body, end, _ = rest.partition(_END)
    if not begin or not end:
        return None
    try:
        return read_der(ssl.PEM_cert_to_DER_cert(f"{_BEGIN}{body}{_END}"))
    except ValueError:
        return None


def shown_by(host: str, port: int, timeout: float) -> Certificate | None:
    """Give the certificate that a server shows, trusted or not; None where it shows none. Nothing is sent to it."""
    try:
        return read_pem(ssl.get_server_certificate((host, port), timeout=timeout))
    except (OSError, ValueError):
        return None


def spoken(instant: datetime) -> str:
    """Write an instant for a sentence."""
    return f"{instant:%Y-%m-%d %H:%M} UTC"


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield tag and value of each element of a DER sequence. Raise ValueError where it is cut."""
    at = 0
    while at < len(data):
        tag, length, at = data[at], data[at + 1], at + 2
        if length & 0x80:
            count = length & 0x7F
            length, at = int.from_bytes(data[at : at + count], "big"), at + count
        if at + length > len(data):
            raise ValueError("cut")
        yield tag, data[at : at + length]
        at += length


def _instant(tag: int, value: bytes) -> datetime:
    form = "%y%m%d%H%M%SZ" if tag == _SHORT_YEAR else "%Y%m%d%H%M%SZ"
    instant = datetime.strptime(value.decode("ascii"), form).replace(tzinfo=UTC)
    late = tag == _SHORT_YEAR and instant.year >= 2050  # RFC 5280: two digits from 50 on are of the last century
    return instant.replace(year=instant.year - 100) if late else instant


def _names(extensions: bytes) -> Iterator[str]:
    for _, listed in _elements(extensions):
        for _, extension in _elements(listed):
            parts = list(_elements(extension))
            if parts[0] == (_OBJECT, _ALTERNATIVE_NAMES) and parts[-1][0] == _OCTETS:
                ((_, names),) = _elements(parts[-1][1])
                for tag, name in _elements(names):
                    if tag == _DNS:
                        yield name.decode("ascii")
                    elif tag == _ADDRESS:
                        yield str(ipaddress.ip_address(name))
