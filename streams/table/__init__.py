"""The stage `table`: what closed, was flagged, came late, was answered and was learnt, as Delta tables for everybody.

    topics ── consumer group ──► rows, by table and partition ── every 30 s or 100,000 ──► one Delta commit a table
                                                                     with the offsets that it leads up to

Exactly once without Kafka's help: the offsets are application transactions in the very commit that adds the rows
(https://github.com/delta-io/delta/blob/master/PROTOCOL.md#transaction-identifiers), so that neither is real without the
other. What the group has committed serves tools that show lag, and tells a table that is new from one that was lost.
"""
