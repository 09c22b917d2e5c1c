"""Why a goal is out of reach: what the figure is made of, and what it would take. Profiles are in the report."""

from __future__ import annotations

AS_ABOVE = "broker and worker have a processor each, and what bounds the worker is the flat cost of the first line."
FLAT = (
    "the profile below is flat: to read, decode, fold, spend from budgets, match and publish take a "
    "microsecond or two each, and no function stands out. The goal leaves 6.7 µs for all of it, of which an "
    "engine whose task does nothing took 3.4 in a trial. Compiling the fold with mypyc made it 1.28 times as "
    "fast, less than the 1.5 times for which a second, compiled form would be kept. It would take a decoder "
    "and a fold that never make Python objects of an event."
)
CASCADE = (
    "two thirds are the judging: a session is judged at each of its published revisions, and some fifty "
    "features, three regressions and their mixture are dictionaries and loops in Python, as River's are. It "
    "would take vectors in the place of dictionaries, and so another library of models."
)
PEERS = (
    "the peer is as fast as here because everybody gets the same work; Weir does more in it (lateness, merges, "
    "clocks that lie, accounts, dead letters), and its own cost is the flat one of the first line."
)
CACHED = (
    "with caches like Weir's, the peer matches hardly anything anew either, and what is left to compare is the fold."
)
SESSION_BYTES = (
    "a session's state is held encoded, some 440 bytes of it; its object, key, place in two dictionaries and "
    "deadline take the rest. It would take names of fields out of what is held, and so a second codec beside "
    "that of the topic."
)
READING_BACK = (
    "four partitions are read by four threads that share one interpreter's lock: a record read back costs a "
    "message object of the client, an entry of the state and a deadline, a microsecond or so each. It would "
    "take a reader that hands over whole batches, or an interpreter for each partition."
)
