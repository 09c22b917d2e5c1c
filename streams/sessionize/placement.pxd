# Types of C for the compiled form.
cimport cython
from streams.sessionize.open_session cimport OpenSession


@cython.locals(only=OpenSession)
cpdef bint continues(sessions, double ts, config) except -1
