import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;

/** The record of a session, as all contestants write it. */
final class Output {
    private static final JsonFactory JSON = new JsonFactory();
    private final ByteArrayOutputStream buffer = new ByteArrayOutputStream(2048);

    byte[] record(String visitor, Session one, boolean isFinal, Patterns patterns) {
        one.revision++;
        buffer.reset();
        try (JsonGenerator to = JSON.createGenerator(buffer)) {
            to.writeStartObject();
            to.writeStringField("visitor_id", visitor);
            to.writeStringField("session_id", visitor + "/" + one.start);
            to.writeNumberField("revision", one.revision);
            to.writeBooleanField("final", isFinal);
            to.writeArrayFieldStart("account_ids");
            for (String account : one.accounts) to.writeString(account);
            to.writeEndArray();
            to.writeNumberField("start", one.start);
            to.writeNumberField("end", one.end);
            to.writeNumberField("duration_s", microseconds(one.end - one.start));
            to.writeNumberField("events", one.events);
            counts(to, "counts", one.counts);
            counts(to, "statuses", one.statuses);
            counts(to, "methods", one.methods);
            to.writeNumberField("bytes", one.bytes);
            gaps(to, one);
            to.writeNumberField("distinct_urls", one.urls.size);
            to.writeNumberField("repeats", one.repeats);
            funnel(to, one.counts);
            details(to, one);
            to.writeStringField("entry_url", one.entry);
            to.writeStringField("exit_url", one.exit);
            to.writeStringField("referrer", one.referrer);
            to.writeStringField("user_agent", one.agent);
            to.writeStringField("ip", one.ip);
            heuristics(to, one.hits, patterns);
            to.writeEndObject();
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
        return buffer.toByteArray();
    }

    private static void counts(JsonGenerator to, String name, Counts counts) throws IOException {
        to.writeObjectFieldStart(name);
        for (int at = 0; at < counts.size; at++) to.writeNumberField(counts.names[at], counts.counts[at]);
        to.writeEndObject();
    }

    private static void gaps(JsonGenerator to, Session one) throws IOException {
        if (one.events == 1) {
            to.writeNullField("gaps");
            return;
        }
        int count = one.events - 1;
        double mean = one.gapSum / count;
        double variance = one.gapSquares / count - mean * mean;
        to.writeObjectFieldStart("gaps");
        to.writeNumberField("mean", microseconds(mean));
        to.writeNumberField("standard_deviation", microseconds(Math.sqrt(Math.max(variance, 0.0))));
        to.writeNumberField("minimum", microseconds(one.gapMin));
        to.writeNumberField("maximum", microseconds(one.gapMax));
        to.writeEndObject();
    }

    private static void funnel(JsonGenerator to, Counts counts) throws IOException {
        int views = counts.get("page_view"), clicks = counts.get("click"), carts = counts.get("add_to_cart");
        int purchases = counts.get("purchase");
        to.writeNumberField("page_views", views);
        to.writeNumberField("clicks", clicks);
        to.writeNumberField("searches", counts.get("search"));
        to.writeNumberField("carts", carts);
        to.writeNumberField("purchases", purchases);
        to.writeNumberField("click_through", views == 0 ? 0.0 : (double) clicks / views);
        to.writeNumberField("cart_rate", views == 0 ? 0.0 : (double) carts / views);
        to.writeNumberField("conversion", carts == 0 ? 0.0 : (double) purchases / carts);
    }

    private static void details(JsonGenerator to, Session one) throws IOException {
        to.writeObjectFieldStart("revenue");
        for (int at = 0; at < one.currencies.size(); at++) {
            to.writeNumberField(one.currencies.get(at), Math.rint(one.amounts.get(at) * 1e6) / 1e6);
        }
        to.writeEndObject();
        to.writeArrayFieldStart("items");
        for (Session.Item item : one.items) {
            to.writeStartObject();
            to.writeStringField("item_id", item.item());
            to.writeStringField("type", item.type());
            to.writeNumberField("ts", item.ts());
            to.writeEndObject();
        }
        to.writeEndArray();
        to.writeNumberField("items_dropped", one.itemsDropped);
        to.writeArrayFieldStart("texts");
        for (Session.Text text : one.texts) {
            to.writeStartObject();
            to.writeStringField("field", text.field());
            to.writeStringField("text", text.text());
            to.writeEndObject();
        }
        to.writeEndArray();
    }

    private static void heuristics(JsonGenerator to, Counts hits, Patterns patterns) throws IOException {
        to.writeObjectFieldStart("heuristics");
        for (int at = 0; at < hits.size; at++) {
            to.writeObjectFieldStart(hits.names[at]);
            to.writeNumberField("hits", hits.counts[at]);
            to.writeStringField("version", patterns.version(hits.names[at]));
            to.writeEndObject();
        }
        to.writeEndObject();
    }

    private static double microseconds(double span) {
        return (long) (span * 1e6 + 0.5) / 1e6;
    }
}
