import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A visitor's state as bytes and back: compact, and nothing reflected. */
final class State {
    private byte[] buffer = new byte[4096];
    private int at;

    byte[] write(Visitor visitor) {
        at = 0;
        number(visitor.sessions.size());
        for (Session session : visitor.sessions) session(session);
        longs(visitor.seen);
        return Arrays.copyOf(buffer, at);
    }

    Visitor read(byte[] bytes) {
        byte[] own = buffer;
        buffer = bytes;
        at = 0;
        try {
            Visitor visitor = new Visitor();
            for (int left = number(); left > 0; left--) visitor.sessions.add(session());
            visitor.seen = longs();
            return visitor;
        } finally {
            buffer = own;
        }
    }

    private void session(Session one) {
        decimal(one.start); decimal(one.end); decimal(one.gapSum); decimal(one.gapSquares);
        decimal(one.gapMin); decimal(one.gapMax);
        number(one.events); number(one.revision); number(one.repeats); number(one.itemsDropped);
        whole(one.bytes);
        text(one.entry); text(one.exit); text(one.referrer); text(one.agent); text(one.ip);
        counts(one.counts); counts(one.statuses); counts(one.methods); counts(one.hits);
        longs(one.urls);
        number(one.accounts.size());
        for (String account : one.accounts) text(account);
        number(one.currencies.size());
        for (int index = 0; index < one.currencies.size(); index++) {
            text(one.currencies.get(index));
            decimal(one.amounts.get(index));
        }
        number(one.items.size());
        for (Session.Item item : one.items) { decimal(item.ts()); text(item.item()); text(item.type()); }
        number(one.texts.size());
        for (Session.Text text : one.texts) { text(text.field()); text(text.text()); }
    }

    private Session session() {
        Session one = new Session();
        one.start = decimal(); one.end = decimal(); one.gapSum = decimal(); one.gapSquares = decimal();
        one.gapMin = decimal(); one.gapMax = decimal();
        one.events = number(); one.revision = number(); one.repeats = number(); one.itemsDropped = number();
        one.bytes = whole();
        one.entry = text(); one.exit = text(); one.referrer = text(); one.agent = text(); one.ip = text();
        one.counts = counts(); one.statuses = counts(); one.methods = counts(); one.hits = counts();
        one.urls = longs();
        for (int left = number(); left > 0; left--) one.accounts.add(text());
        for (int left = number(); left > 0; left--) { one.currencies.add(text()); one.amounts.add(decimal()); }
        for (int left = number(); left > 0; left--) one.items.add(new Session.Item(decimal(), text(), text()));
        for (int left = number(); left > 0; left--) one.texts.add(new Session.Text(text(), text()));
        return one;
    }

    private void counts(Counts counts) {
        number(counts.size);
        for (int index = 0; index < counts.size; index++) { text(counts.names[index]); number(counts.counts[index]); }
    }

    private Counts counts() {
        Counts counts = new Counts();
        for (int left = number(); left > 0; left--) counts.add(text(), number());
        return counts;
    }

    private void longs(Longs longs) {
        number(longs.size);
        for (int index = 0; index < longs.size; index++) whole(longs.values[index]);
    }

    private Longs longs() {
        Longs longs = new Longs();
        longs.size = number();
        longs.values = new long[Math.max(4, longs.size + 4)];
        for (int index = 0; index < longs.size; index++) longs.values[index] = whole();
        return longs;
    }

    private void room(int bytes) {
        if (at + bytes > buffer.length) {
            buffer = Arrays.copyOf(buffer, Math.max(buffer.length * 2, at + bytes));
        }
    }

    private void number(int value) {
        room(5);
        while ((value & ~0x7F) != 0) {
            buffer[at++] = (byte) (value & 0x7F | 0x80);
            value >>>= 7;
        }
        buffer[at++] = (byte) value;
    }

    private int number() {
        int value = 0;
        for (int shift = 0; ; shift += 7) {
            byte next = buffer[at++];
            value |= (next & 0x7F) << shift;
            if (next >= 0) return value;
        }
    }

    private static final java.lang.invoke.VarHandle LONG =
            java.lang.invoke.MethodHandles.byteArrayViewVarHandle(long[].class, java.nio.ByteOrder.LITTLE_ENDIAN);

    private void whole(long value) {
        room(8);
        LONG.set(buffer, at, value);
        at += 8;
    }

    private long whole() {
        long value = (long) LONG.get(buffer, at);
        at += 8;
        return value;
    }

    private void decimal(double value) {
        whole(Double.doubleToRawLongBits(value));
    }

    private double decimal() {
        return Double.longBitsToDouble(whole());
    }

    private void text(String text) {
        if (text == null) {
            number(0);
            return;
        }
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        number(bytes.length + 1);
        room(bytes.length);
        System.arraycopy(bytes, 0, buffer, at, bytes.length);
        at += bytes.length;
    }

    private String text() {
        int length = number() - 1;
        if (length < 0) return null;
        String text = new String(buffer, at, length, StandardCharsets.UTF_8);
        at += length;
        return text;
    }
}
