# Types of C for the compiled form.
from streams.sessionize.open_session cimport VisitorState


cpdef forget_oldest(VisitorState visitor, long long most)
