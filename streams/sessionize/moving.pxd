# Types of C for the compiled form.
from streams.sessionize.open_session cimport OpenSession


cpdef step_of(OpenSession session, referrer, double ts, hashed, info)
cpdef add_step(OpenSession session, step)
cpdef motion(OpenSession session)
cpdef list _trail(OpenSession session)
cpdef _settle(OpenSession session, before, after, long long settled)
