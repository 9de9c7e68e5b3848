"""Ed25519 signatures checked in plain Python (RFC 8032), for a verifier that carries nothing but itself. It makes none.

It judges as OpenSSL does, and so as the server: the equation without the cofactor, R compared as bytes, S below the group's order.
Nothing here is secret, so it need not take the same time for all inputs.
"""

from hashlib import sha512
from typing import Final

P: Final = 2**255 - 19
ORDER: Final = 2**252 + 27742317777372353535851937790883648493
D: Final = -121665 * pow(121666, -1, P) % P
ROOT: Final = pow(2, (P - 1) // 4, P)
"""A square root of -1."""

Point = tuple[int, int, int, int]
"""Extended coordinates: X, Y, Z and X·Y/Z."""


def _base() -> Point:
    y = 4 * pow(5, -1, P) % P
    point = _point(y.to_bytes(32, "little"))
    if point is None:
        raise AssertionError
    return point


def _point(written: bytes) -> Point | None:
    """The point of 32 bytes: y, and the lowest bit of x in the highest bit."""
    value = int.from_bytes(written, "little")
    sign, y = value >> 255, (value & (1 << 255) - 1) % P
    above, below = (y * y - 1) % P, (D * y * y + 1) % P
    x = above * pow(below, 3, P) * pow(above * pow(below, 7, P), (P - 5) // 8, P) % P
    if (below * x * x - above) % P:
        x = x * ROOT % P
    if (below * x * x - above) % P:
        return None
    if x & 1 != sign:
        x = -x % P
    return x, y, 1, x * y % P


def _added(one: Point, other: Point) -> Point:
    x1, y1, z1, t1 = one
    x2, y2, z2, t2 = other
    a, b = (y1 - x1) * (y2 - x2) % P, (y1 + x1) * (y2 + x2) % P
    c, d = 2 * D * t1 * t2 % P, 2 * z1 * z2 % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _doubled(one: Point) -> Point:
    x, y, z, _ = one
    a, b = x * x % P, y * y % P
    h, g = a + b, a - b
    e, f = h - (x + y) * (x + y) % P, 2 * z * z + g
    return e * f % P, g * h % P, f * g % P, e * h % P


BASE: Final = _base()


def _written(point: Point) -> bytes:
    x, y, z, _ = point
    inverse = pow(z, -1, P)
    return (y * inverse % P | (x * inverse % P & 1) << 255).to_bytes(32, "little")


def verify(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the signature of the message was made with the key whose public half this is."""
    if len(public) != 32 or len(signature) != 64:  # noqa: PLR2004 - by the RFC
        return False
    key, scalar = _point(public), int.from_bytes(signature[32:], "little")
    if key is None or scalar >= ORDER:
        return False
    hashed = int.from_bytes(sha512(signature[:32] + public + message).digest(), "little") % ORDER
    x, y, z, t = key
    away = (-x % P, y, z, -t % P)
    both, sum_ = _added(BASE, away), (0, 1, 1, 0)
    for bit in range(max(scalar, hashed).bit_length() - 1, -1, -1):
        sum_ = _doubled(sum_)
        picked = (scalar >> bit & 1, hashed >> bit & 1)
        if picked != (0, 0):
            sum_ = _added(sum_, both if picked == (1, 1) else BASE if picked[0] else away)
    return _written(sum_) == signature[:32]
