"""A worker's log: plain lines on standard error, of our own words alone unless something breaks."""

from __future__ import annotations

import logging
import sys

from weir.settings import Settings

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_CHATTY = (
    "faust",
    "mode",
    "aiokafka",
    "asyncio",
    "weir.kafka",
    # Services log under the module of their class.
    "streams.engine.application",
    "streams.engine.transport",
)


def configure_logs(settings: Settings) -> None:
    """Sets the process's logging up; call it once, at the start.

    Faust and the clients log a rebalance as a series of warnings; these are suppressed unless `log_level` is `debug`.
    """
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    logging.basicConfig(level=level, format=_FORMAT, stream=sys.stderr, force=True)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.INFO if level == logging.DEBUG else logging.CRITICAL)
