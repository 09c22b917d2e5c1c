# Fields of C for the compiled form.
cimport cython


@cython.final
@cython.no_gc
cdef class OpenSession:
    cdef public double end
    cdef public long long number
    cdef public bytes identity
    cdef public double start
    cdef public double last
    cdef public long long offset
    cdef public long long appended_ms
    cdef public long long revision
    cdef public long long events
    cdef public double gap_sum
    cdef public double gap_squares
    cdef public double gap_min
    cdef public double gap_max
    cdef public double entry_ts
    cdef public double exit_ts
    cdef public str entry_url
    cdef public str exit_url
    cdef public str referrer
    cdef public str user_agent
    cdef public str ip
    cdef public long long body_bytes
    cdef public long long repeats
    cdef public long long rate_limited
    cdef public long long items_dropped
    cdef public dict counts
    cdef public dict urls
    cdef public dict statuses
    cdef public dict methods
    cdef public list account_ids
    cdef public dict revenue
    cdef public list items
    cdef public list texts
    cdef public dict heuristics
    cdef public dict limits_over
    cdef public list loads
    cdef public object posting
    cdef public list trail
    cdef public object moves


@cython.final
@cython.no_gc
cdef class VisitorState:
    cdef public list sessions
    cdef public dict seen
    cdef public dict buckets


cpdef tuple to_wire(OpenSession one)
cpdef OpenSession of_wire(found)
cpdef bytes encode_visitor(VisitorState visitor)
cpdef VisitorState decode_visitor(data)
