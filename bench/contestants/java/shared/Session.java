import java.util.ArrayList;
import java.util.List;

/** A session's measures. */
final class Session {
    static final int ACCOUNTS = 10, ITEMS = 100, TEXTS = 20, TEXT = 500, URLS = 256, METHODS = 16;
    private static final String[] CLASSES = {"0xx", "1xx", "2xx", "3xx", "4xx", "5xx", "6xx", "7xx", "8xx", "9xx"};

    record Item(double ts, String item, String type) {}

    record Text(String field, String text) {}

    double start, end, gapSum, gapSquares, gapMin, gapMax;
    int events, revision, repeats, itemsDropped;
    long bytes;
    String entry, exit, referrer, agent, ip;
    Counts counts = new Counts(), statuses = new Counts(), methods = new Counts(), hits = new Counts();
    Longs urls = new Longs();
    List<String> accounts = new ArrayList<>(0);
    List<String> currencies = new ArrayList<>(0);
    List<Double> amounts = new ArrayList<>(0);
    List<Item> items = new ArrayList<>(0);
    List<Text> texts = new ArrayList<>(0);

    /** Adds an event; whether the session is to be published for it. */
    boolean add(Event event) {
        double ts = event.ts;
        if (events == 0) {
            start = ts;
        } else {
            double gap = ts - end;
            gapSum += gap;
            gapSquares += gap * gap;
            gapMin = events == 1 ? gap : Math.min(gapMin, gap);
            gapMax = Math.max(gapMax, gap);
        }
        end = ts;
        events++;
        counts.add(event.type, 1);
        if (event.url != null) {
            visit(event.url);
        }
        if (referrer == null) referrer = event.referrer;
        if (agent == null) agent = event.agent;
        if (ip == null) ip = event.ip;
        if (event.hasStatus) statuses.add(CLASSES[event.status / 100], 1);
        if (event.method != null) {
            methods.add(methods.size < METHODS || methods.has(event.method) ? event.method : "other", 1);
        }
        bytes += event.bytes;
        note(event);
        return (events & (events - 1)) == 0 || event.type.equals("purchase");
    }

    private void visit(String url) {
        if (entry == null) entry = url;
        exit = url;
        long hash = Hash.of(url);
        if (urls.contains(hash)) {
            repeats++;
        } else if (urls.size < URLS) {
            urls.add(hash);
        }
    }

    private void note(Event event) {
        if (event.account != null && accounts.size() < ACCOUNTS && !accounts.contains(event.account)) {
            accounts.add(event.account);
        }
        if (event.hasValue && event.type.equals("purchase")) {
            String currency = event.currency == null ? "unknown" : event.currency;
            int at = currencies.indexOf(currency);
            if (at < 0) {
                currencies.add(currency);
                amounts.add(event.value);
            } else {
                amounts.set(at, amounts.get(at) + event.value);
            }
        }
        if (event.item != null) {
            if (items.size() < ITEMS) {
                items.add(new Item(event.ts, event.item, event.type));
            } else {
                itemsDropped++;
            }
        }
        read("title", event.title);
        read("text", event.text);
        read("query", event.query);
    }

    private void read(String field, String text) {
        if (text == null || text.isEmpty()) {
            return;
        }
        if (texts.size() == TEXTS) {
            texts.remove(0);
        }
        texts.add(new Text(field, text.length() > TEXT ? text.substring(0, TEXT) : text));
    }
}
