# Types of C for the compiled form.
from streams.sessionize.open_session cimport VisitorState


cdef class Visitors:
    cdef dict _encoded
    cdef dict _decoded
    cdef dict _gone
    cdef public dict changed

    cpdef VisitorState get(self, visitor)
    cpdef VisitorState at(self, visitor)
    cpdef VisitorState add(self, visitor)
    cpdef remove(self, visitor)
    cpdef ends(self, visitor)
