import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/** Takes disguises off a text, step by step as Weir does, as far as events of a log have them. */
final class Decode {
    private static final int ROUNDS = 8;
    private static final Pattern AGAIN = Pattern.compile("%(?:25)+(?=[0-9A-Fa-f]{2})");
    private static final Pattern ENTITY = Pattern.compile("&(?:#([xX]?)([0-9A-Fa-f]{1,8});?|([A-Za-z][A-Za-z0-9]{1,31});)");
    private static final Pattern COMMENT = Pattern.compile("/\\*(?:!\\d{0,6}|[^*]*\\*/)|\\*/");
    private static final Pattern SPACES = Pattern.compile("\\s+");
    private static final Map<String, String> NAMED =
            Map.of("lt", "<", "gt", ">", "amp", "&", "quot", "\"", "apos", "'", "nbsp", "\u00a0");
    private static final boolean[] PLAIN = new boolean[128];

    static {
        for (char plain = 'A'; plain <= 'Z'; plain++) PLAIN[plain] = PLAIN[plain + 32] = true;
        for (char plain = '0'; plain <= '9'; plain++) PLAIN[plain] = true;
        for (char plain : "_./?=&:@,~!$|'\"()<>[]{}^`\\-".toCharArray()) PLAIN[plain] = true;
    }

    private Decode() {}

    static boolean isPlain(String text) {
        for (int at = 0; at < text.length(); at++) {
            char one = text.charAt(at);
            if (one >= 128 || !PLAIN[one]) return false;
        }
        return true;
    }

    static String part(String text) {
        if (isPlain(text)) return text.toLowerCase(Locale.ROOT);
        return lower(spaces(comments(undisguised(text))));
    }

    static String query(String text) {
        return part(text.replace('+', ' '));
    }

    static String free(String text) {
        for (int round = 0; round < ROUNDS; round++) {
            String plain = visible(entities(text));
            if (plain.equals(text)) break;
            text = plain;
        }
        return lower(spaces(text));
    }

    /** The whole URL, its path and its query. */
    static String[] urlParts(String url) {
        if (isPlain(url)) url = url.toLowerCase(Locale.ROOT);
        int mark = url.indexOf('?');
        String rest = mark < 0 ? url : url.substring(0, mark);
        String query = mark < 0 ? "" : query(url.substring(mark + 1));
        int scheme = rest.substring(0, Math.min(16, rest.length())).indexOf("://");
        String host = "", path = rest;
        if (scheme >= 0 && !rest.substring(0, scheme).contains("/")) {
            int slash = rest.indexOf('/', scheme + 3);
            host = slash < 0 ? rest : rest.substring(0, slash);
            path = slash < 0 ? "/" : rest.substring(slash);
        }
        path = part(path);
        String whole = part(host) + path;
        return new String[] {query.isEmpty() ? whole : whole + "?" + query, path, query};
    }

    static String wholeUrl(String url) {
        return urlParts(url)[0];
    }

    private static String undisguised(String text) {
        for (int round = 0; round < ROUNDS; round++) {
            String plain = visible(entities(percent(text)));
            if (plain.equals(text) || (plain.indexOf('%') < 0 && plain.indexOf('&') < 0)) return plain;
            text = plain;
        }
        return text;
    }

    private static String percent(String text) {
        if (text.indexOf('%') < 0) return text;
        byte[] bytes = AGAIN.matcher(text).replaceAll("%").getBytes(StandardCharsets.UTF_8);
        ByteArrayOutputStream plain = new ByteArrayOutputStream(bytes.length);
        for (int at = 0; at < bytes.length; at++) {
            int high = at + 2 < bytes.length && bytes[at] == '%' ? Character.digit(bytes[at + 1], 16) : -1;
            int low = high < 0 ? -1 : Character.digit(bytes[at + 2], 16);
            if (low < 0) {
                plain.write(bytes[at]);
            } else {
                plain.write(high << 4 | low);
                at += 2;
            }
        }
        return plain.toString(StandardCharsets.UTF_8);
    }

    private static String entities(String text) {
        if (text.indexOf('&') < 0) return text;
        return ENTITY.matcher(text).replaceAll(found -> {
            String plain = found.group(3) != null
                    ? NAMED.getOrDefault(found.group(3), found.group())
                    : numbered(found.group(1), found.group(2), found.group());
            return java.util.regex.Matcher.quoteReplacement(plain);
        });
    }

    private static String numbered(String radix, String digits, String whole) {
        try {
            int code = Integer.parseInt(digits, radix.isEmpty() ? 10 : 16);
            return Character.isValidCodePoint(code) ? Character.toString(code) : "\ufffd";
        } catch (NumberFormatException error) {
            return whole;
        }
    }

    private static String visible(String text) {
        for (int at = 0; at < text.length(); at++) {
            if (text.charAt(at) >= 128) {
                String shown = text.replaceAll("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\u00ad\ufeff\0]+", "");
                return Normalizer.normalize(shown, Normalizer.Form.NFKC);
            }
        }
        return text.indexOf('\0') < 0 ? text : text.replace("\0", "");
    }

    private static String comments(String text) {
        return text.contains("*/") || text.contains("/*") ? COMMENT.matcher(text).replaceAll(" ") : text;
    }

    private static String spaces(String text) {
        return SPACES.matcher(text).replaceAll(" ");
    }

    private static String lower(String text) {
        return text.toLowerCase(Locale.ROOT);
    }
}
