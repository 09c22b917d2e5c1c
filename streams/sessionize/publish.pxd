# Types of C for the compiled form.
from streams.sessionize.open_session cimport OpenSession


cpdef _record(visitor, OpenSession one, ending)
cpdef double _microseconds(double span_s) except -1.0
