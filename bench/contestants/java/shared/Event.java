import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;

/** One event, with the fields that count; the rest is passed over. */
final class Event {
    private static final JsonFactory JSON = new JsonFactory();

    String id, visitor, type, account, url, referrer, agent, ip, method, item, currency, query, title, text;
    double ts, value;
    int status;
    long bytes;
    boolean hasValue, hasStatus;

    static Event parse(byte[] json) {
        Event event = new Event();
        try (JsonParser parser = JSON.createParser(json)) {
            parser.nextToken();
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                JsonToken token = parser.nextToken();
                if (token == JsonToken.VALUE_NULL) {
                    continue;
                }
                event.take(name, parser);
            }
        } catch (IOException error) {
            throw new IllegalArgumentException("not an event", error);
        }
        return event;
    }

    private void take(String name, JsonParser parser) throws IOException {
        switch (name) {
            case "event_id" -> id = parser.getText();
            case "visitor_id" -> visitor = parser.getText();
            case "type" -> type = parser.getText();
            case "ts" -> ts = parser.getDoubleValue();
            case "account_id" -> account = parser.getText();
            case "url" -> url = parser.getText();
            case "referrer" -> referrer = parser.getText();
            case "user_agent" -> agent = parser.getText();
            case "ip" -> ip = parser.getText();
            case "method" -> method = parser.getText();
            case "status" -> { status = parser.getIntValue(); hasStatus = true; }
            case "bytes" -> bytes = parser.getLongValue();
            case "item_id" -> item = parser.getText();
            case "value" -> { value = parser.getDoubleValue(); hasValue = true; }
            case "currency" -> currency = parser.getText();
            case "query" -> query = parser.getText();
            case "title" -> title = parser.getText();
            case "text" -> text = parser.getText();
            default -> parser.skipChildren();
        }
    }

    /** A hash of what two sendings of one event have in common. */
    long fingerprint() {
        long hash = Hash.add(Hash.add(Hash.add(Hash.SEED, id), type), url);
        hash = Hash.add(hash, item);
        if (hasValue) {
            hash = Hash.mix(hash ^ Double.doubleToLongBits(value));
        }
        return Hash.add(Hash.add(Hash.add(hash, query), title), text);
    }
}
