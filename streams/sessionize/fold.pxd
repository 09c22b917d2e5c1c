# Types of C for the compiled form.
from streams.sessionize.open_session cimport OpenSession


cpdef OpenSession open_session(event, double ts, long long number)
cpdef fold(OpenSession session, event, double ts, bint measures_all=*)
cpdef add_revenue(OpenSession session, currency, value)
cpdef add_account(OpenSession session, account)
cpdef add_item(OpenSession session, item)
cpdef add_text(OpenSession session, text)
cpdef bint add_hits(OpenSession session, pattern, long long hits, version) except -1
cpdef _fold_response(OpenSession session, event)
cpdef _fold_texts(OpenSession session, event, double ts)
