"""Makes the dead letter of a line that is not a valid event."""

from __future__ import annotations

from streams.dead_letter import FILE_PREFIX, letter_headers
from streams.intake.line import BadLine
from weir.kafka.records import Output
from weir.topics import DEAD_LETTER


def bad_line_letter(line: BadLine) -> Output:
    """The dead letter of a line.

    Its header `topic` is `file:` and the file's name, `partition` is 0, `offset` is the line's number from 1, and
    `timestamp` is 0.
    """
    origin = {"topic": FILE_PREFIX + line.source, "partition": "0", "offset": str(line.number), "timestamp": "0"}
    return Output(DEAD_LETTER, None, line.raw, letter_headers(line.reason, line.detail, origin))
