# Types of C for the compiled form.
from streams.sessionize.open_session cimport OpenSession


cpdef fold_posting(OpenSession session, event, double ts, info)
cpdef _fold_load(OpenSession session, load)
