import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.File;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/** The shipped patterns, field by field; strings that come again and again are looked up, as Weir does it, unless BENCH_CACHE is none. */
final class Patterns {
    private static final int CACHED = 16_384, LONGEST_CACHED = 1_024;
    private static final String[] NONE = {};
    private static final boolean IS_FORGETFUL = "none".equals(System.getenv("BENCH_CACHE"));

    private record Entry(String id, Predicate<String> matches) {}

    private final Map<String, List<Entry>> byField = new HashMap<>();
    private final Map<String, String> versions = new HashMap<>();
    private final Map<String, String[]> urls = bounded(), agents = bounded(), referrers = bounded();

    /** Reads the file that BENCH_PATTERNS names: an array of objects with id, version, field and regex. */
    static Patterns load(Function<String, Predicate<String>> compile) throws IOException {
        Patterns patterns = new Patterns();
        try (JsonParser parser = new JsonFactory().createParser(new File(System.getenv("BENCH_PATTERNS")))) {
            parser.nextToken();
            while (parser.nextToken() == JsonToken.START_OBJECT) {
                Map<String, String> said = new HashMap<>();
                while (parser.nextToken() == JsonToken.FIELD_NAME) said.put(parser.currentName(), parser.nextTextValue());
                patterns.versions.put(said.get("id"), said.get("version"));
                patterns.byField.computeIfAbsent(said.get("field"), field -> new ArrayList<>())
                        .add(new Entry(said.get("id"), compile.apply(said.get("regex"))));
            }
        }
        return patterns;
    }

    static Predicate<String> javaRegex(String regex) {
        Pattern pattern = Pattern.compile(regex);
        return text -> pattern.matcher(text).find();
    }

    String version(String id) {
        return versions.get(id);
    }

    /** Counts what an event matches; whether a pattern is new to the session. */
    boolean note(Event event, Session session) {
        boolean isNew = false;
        List<String> found = new ArrayList<>(0);
        if (event.url != null) collect(found, cached(urls, event.url, this::ofUrl));
        if (event.agent != null) collect(found, cached(agents, event.agent, text -> match("user_agent", text)));
        if (event.referrer != null) {
            collect(found, cached(referrers, event.referrer, text -> match("referrer", Decode.wholeUrl(text))));
        }
        if (event.query != null) {
            String searched = Decode.query(event.query);
            collect(found, match("query", searched));
            collect(found, match("url", searched));
        }
        if (event.title != null) collect(found, match("title", Decode.free(event.title)));
        if (event.text != null) collect(found, match("text", Decode.free(event.text)));
        for (String id : found) {
            isNew |= !session.hits.has(id);
            session.hits.add(id, 1);
        }
        return isNew;
    }

    private String[] ofUrl(String url) {
        String[] parts = Decode.urlParts(url);
        List<String> found = new ArrayList<>(0);
        collect(found, match("url", parts[0]));
        collect(found, match("path", parts[1]));
        if (!parts[2].isEmpty()) collect(found, match("query", parts[2]));
        return found.isEmpty() ? NONE : found.toArray(NONE);
    }

    private String[] match(String field, String text) {
        List<String> found = null;
        for (Entry entry : byField.getOrDefault(field, List.of())) {
            if (entry.matches.test(text)) {
                if (found == null) found = new ArrayList<>(2);
                found.add(entry.id);
            }
        }
        return found == null ? NONE : found.toArray(NONE);
    }

    private static void collect(List<String> found, String[] more) {
        for (String id : more) {
            if (!found.contains(id)) found.add(id);
        }
    }

    private static String[] cached(Map<String, String[]> cache, String text, Function<String, String[]> match) {
        if (IS_FORGETFUL || text.length() > LONGEST_CACHED) return match.apply(text);
        String[] known = cache.get(text);
        if (known == null) {
            known = match.apply(text);
            cache.put(text, known);
        }
        return known;
    }

    private static Map<String, String[]> bounded() {
        return new LinkedHashMap<>(CACHED, 0.75f, true) {
            @Override
            protected boolean removeEldestEntry(Map.Entry<String, String[]> eldest) {
                return size() > CACHED;
            }
        };
    }
}
