# Types of C for the compiled form.
cimport cython
from streams.sessionize.open_session cimport OpenSession, VisitorState
from streams.sessionize.visitors cimport Visitors


cdef class PartitionFold:
    cdef public object partition
    cdef public object partitions
    cdef public object config
    cdef public object patterns
    cdef public object assets
    cdef public object charges
    cdef public object networks
    cdef public object subjects
    cdef public object deadlines
    cdef public object accounts
    cdef public object tally
    cdef public object outputs
    cdef public object last_append_ms
    cdef public double watermark
    cdef public double horizon
    cdef public Visitors visitors
    cdef object _decimal
    cdef object _packs

    @cython.locals(visitor=VisitorState)
    cpdef _take_event(self, record, decoded, double ts, VisitorState visitor)
    @cython.locals(session=OpenSession, is_timed=bint, over=bint, matter=bint, events="long long")
    cpdef _fold(self, record, decoded, double ts, VisitorState visitor, seen)
    cpdef OpenSession _place(self, event, double ts, VisitorState visitor)
    cpdef bint _note(self, matched, OpenSession session) except -1
    cpdef _publish(self, visitor_id, OpenSession session, ending=*)
    cpdef _raise(self, double mark)
