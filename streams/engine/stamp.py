"""Which flush an output belongs to: a header on each, so that a recovery recognises its outputs in the log."""

from __future__ import annotations

from weir.kafka.records import Headers

STAMP_HEADER = "weir-flush"
_LONGEST_NUMBER = 20


class Stamps:
    """The stamps of one stage's partition: `<stage>/<partition>/<number of the flush>`."""

    def __init__(self, stage: str, partition: int) -> None:
        self._whose = f"{stage}/{partition}/".encode()

    def header(self, flush: int) -> tuple[str, bytes]:
        """The header for outputs of a flush."""
        return STAMP_HEADER, b"%s%d" % (self._whose, flush)

    def flush(self, headers: Headers) -> int | None:
        """The flush that a record with these headers belongs to; None if it belongs to another partition or to none."""
        # The last one: an event that is sent on keeps the headers that it came with, and they may have one.
        stamp = next((value for name, value in reversed(headers) if name == STAMP_HEADER), b"")
        number = stamp.removeprefix(self._whose)
        is_own = number != stamp and number.isdigit() and len(number) < _LONGEST_NUMBER
        return int(number) if is_own else None
