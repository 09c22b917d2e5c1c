"""The stage `table`: writes closed sessions, flags, late events, labels and training examples to Delta tables.

    topics ── consumer group ──► rows, by table and partition ── every 30 s or 100,000 ──► one Delta commit a table
                                                                     with the offsets that it leads up to

Each row is written exactly once. The offsets are application transactions in the commit that adds the rows
(https://github.com/delta-io/delta/blob/master/PROTOCOL.md#transaction-identifiers), so that both are written or
neither. The group's committed offsets are for tools that show lag, and distinguish a new table from a lost table.
"""
