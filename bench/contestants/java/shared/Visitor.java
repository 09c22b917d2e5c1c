import java.util.ArrayList;
import java.util.List;

/** What is remembered of a visitor: open sessions, and which events were seen. */
final class Visitor {
    List<Session> sessions = new ArrayList<>(1);
    Longs seen = new Longs();

    /** The session that an event belongs to, or null for one that was sent twice. */
    Session take(Event event, double gap) {
        long fingerprint = event.fingerprint();
        if (seen.contains(fingerprint)) {
            return null;
        }
        seen.add(fingerprint);
        Session last = sessions.isEmpty() ? null : sessions.get(sessions.size() - 1);
        if (last != null && event.ts - last.end <= gap) {
            return last;
        }
        Session opened = new Session();
        sessions.add(opened);
        return opened;
    }
}
