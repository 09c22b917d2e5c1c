"""How many different ones: exact while they are few, HyperLogLog past that."""

from __future__ import annotations

import sys
import zlib
from array import array
from collections.abc import Iterable
from functools import cache
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from typing import TYPE_CHECKING, Literal

import msgspec
import xxhash

if TYPE_CHECKING:
    from datasketch import HyperLogLogPlusPlus

EXACT = 64
"""Values that are counted exactly."""
PRECISION = 11
"""Bits of a hash that choose among registers: 2,048 bytes, and a standard error of 2.3 %."""
STANDARD_ERROR = 1.04 / 2 ** (PRECISION / 2)
_EXACT, _ESTIMATED = b"x", b"e"
_HASH_BYTES = 8
_COMPRESSION = 1


class DistinctLimit(msgspec.Struct, frozen=True, kw_only=True):
    """How many different ones a subject may have within a window of time; `rules/limits/files.py` checks it."""

    id: str
    kind: Literal["visitor", "address", "account"]
    """Whose limit it is."""
    of: Literal["visitors", "addresses", "accounts", "items"]
    """What is counted."""
    at_most: int
    window_s: float = 3_600.0
    """Counting begins anew so often, in event time."""
    reason: str = ""
    """Explanation for people of what it means to exceed the limit."""
    version: str = ""
    """Of the file that it comes from."""


def hashed(value: str) -> int:
    """The hash of a value: the same in every worker and version."""
    return xxhash.xxh3_64_intdigest(value.encode(errors="surrogatepass"))


class Distinct:
    """A set that only knows how many it has. The order in which values come, and how often, changes nothing."""

    __slots__ = ("_few", "_many")

    def __init__(self, values: Iterable[int] = ()) -> None:
        self._few: set[int] = set()
        self._many: HyperLogLogPlusPlus | None = None
        for value in values:
            self.add(value)

    def __len__(self) -> int:
        """How many there are, or about as many."""
        return len(self._few) if self._many is None else round(float(self._many.count()))

    def add(self, value: int) -> None:
        """Adds a value that was `hashed`."""
        if self._many is not None:
            self._many.update(value)
            return
        self._few.add(value)
        if len(self._few) > EXACT:
            self._many = _sketch(self._few)
            self._few = set()

    def merge(self, other: Distinct) -> None:
        """Adds all values that the other one has."""
        if other._many is None:
            for value in other._few:
                self.add(value)
            return
        if self._many is None:
            self._many = _sketch(self._few)
            self._few = set()
        self._many.merge(other._many)

    def to_bytes(self) -> bytes:
        """The same values give the same bytes."""
        if self._many is None:
            return _EXACT + b"".join(value.to_bytes(_HASH_BYTES) for value in sorted(self._few))
        return _ESTIMATED + zlib.compress(self._many.reg.tobytes(), _COMPRESSION)

    @classmethod
    def from_bytes(cls, data: bytes) -> Distinct:
        """What `to_bytes` gave.

        Raises:
            ValueError: it gave something else.
        """
        found = cls()
        kind, rest = data[:1], data[1:]
        if kind == _EXACT and len(rest) % _HASH_BYTES == 0 and len(rest) <= EXACT * _HASH_BYTES:
            starts = range(0, len(rest), _HASH_BYTES)
            found._few = {int.from_bytes(rest[start : start + _HASH_BYTES]) for start in starts}
        elif kind == _ESTIMATED:
            found._many = _sketch((), _registers(rest))
        else:
            raise ValueError("no set that was counted")
        return found


def _registers(data: bytes) -> bytes:
    size = 1 << PRECISION
    unpack = zlib.decompressobj()
    try:
        registers = unpack.decompress(data, size)
    except zlib.error as error:
        raise ValueError("no registers") from error
    if len(registers) != size or unpack.unconsumed_tail or max(registers) > 64 - PRECISION + 1:
        raise ValueError("no registers")
    return registers


def _sketch(values: Iterable[int], registers: bytes | None = None) -> HyperLogLogPlusPlus:
    sketch = _library()(p=PRECISION, hashfunc=int)
    if registers is not None:
        sketch.reg[:] = array("b", registers)
    for value in values:
        sketch.update(value)
    return sketch


@cache
def _library() -> type[HyperLogLogPlusPlus]:
    """The class alone: importing the whole package brings scipy, two seconds and 87 MiB amid the work of a worker."""
    package = find_spec("datasketch")
    if package is None:
        raise ModuleNotFoundError("datasketch")
    whole = sys.modules.get("datasketch")
    sys.modules["datasketch"] = whole or module_from_spec(package)  # its __init__ is not run
    try:
        module = import_module("datasketch.hyperloglog")
    finally:
        if whole is None:
            del sys.modules["datasketch"]
    return module.HyperLogLogPlusPlus  # type: ignore[no-any-return]  # it has no types
