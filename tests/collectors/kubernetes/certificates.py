"""What is a TLS certificate of any dates and names, made with nothing but Python, for servers on the loopback?

P-256 and ECDSA as in FIPS 186, DER as in RFC 5280. Slow, and safe for nothing but tests.
"""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
import ssl
from dataclasses import dataclass
from datetime import datetime

_P = 2**256 - 2**224 + 2**192 + 2**96 - 1
_N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_A = _P - 3
_G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
_P256, _PUBLIC, _SIGNED = "06082a8648ce3d030107", "06072a8648ce3d0201", "06082a8648ce3d040302"
_NAMES, _COMMON_NAME = "0603551d11", "0603550403"

Point = tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate that vouches for itself, and its key, as PEM."""

    certificate: str
    key: str


def self_signed(begins: datetime, ends: datetime, names: tuple[str, ...] = ("127.0.0.1",)) -> Pair:
    """Make one of these dates, for these names and addresses."""
    secret = secrets.randbelow(_N - 1) + 1
    public = b"\x04" + b"".join(part.to_bytes(32, "big") for part in _times(secret, _G) or ())
    name = _der(0x30, _der(0x31, _der(0x30, bytes.fromhex(_COMMON_NAME) + _der(0x0C, b"asbuilt-test"))))
    dates = _der(0x30, b"".join(_der(0x18, f"{one:%Y%m%d%H%M%SZ}".encode()) for one in (begins, ends)))
    info = _der(0x30, _der(0x30, bytes.fromhex(_PUBLIC + _P256)) + _der(0x03, b"\x00" + public))
    names_ = _der(0x30, bytes.fromhex(_NAMES) + _der(0x04, _der(0x30, b"".join(map(_name, names)))))
    algorithm = _der(0x30, bytes.fromhex(_SIGNED))
    body = _der(
        0x30,
        _der(0xA0, _der(0x02, b"\x02"))
        + _der(0x02, b"\x01" + secrets.token_bytes(8))
        + algorithm
        + name
        + dates
        + name
        + info
        + _der(0xA3, _der(0x30, names_)),
    )
    certificate = _der(0x30, body + algorithm + _der(0x03, b"\x00" + _signature(secret, body)))
    key = _der(0x30, bytes.fromhex("0201010420") + secret.to_bytes(32, "big") + _der(0xA0, bytes.fromhex(_P256)))
    return Pair(
        ssl.DER_cert_to_PEM_cert(certificate), ssl.DER_cert_to_PEM_cert(key).replace("CERTIFICATE", "EC PRIVATE KEY")
    )


def _name(name: str) -> bytes:
    try:
        return _der(0x87, ipaddress.ip_address(name).packed)
    except ValueError:
        return _der(0x82, name.encode())


def _der(tag: int, value: bytes) -> bytes:
    size = len(value)
    if size < 0x80:
        return bytes((tag, size)) + value
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + value


def _integer(value: int) -> bytes:
    return _der(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _signature(secret: int, signed: bytes) -> bytes:
    digest = int.from_bytes(hashlib.sha256(signed).digest(), "big")
    nonce = secrets.randbelow(_N - 1) + 1
    point = _times(nonce, _G)
    assert point is not None
    r = point[0] % _N
    return _der(0x30, _integer(r) + _integer(pow(nonce, -1, _N) * (digest + r * secret) % _N))


def _plus(one: Point, other: Point) -> Point:
    if one is None or other is None:
        return one or other
    if one[0] == other[0] and (one[1] + other[1]) % _P == 0:
        return None
    if one == other:
        slope = (3 * one[0] ** 2 + _A) * pow(2 * one[1], -1, _P)
    else:
        slope = (other[1] - one[1]) * pow(other[0] - one[0], -1, _P)
    x = (slope**2 - one[0] - other[0]) % _P
    return x, (slope * (one[0] - x) - one[1]) % _P


def _times(factor: int, point: Point) -> Point:
    total: Point = None
    while factor:
        if factor & 1:
            total = _plus(total, point)
        point, factor = _plus(point, point), factor >> 1
    return total
