/** 64-bit hashes of strings, one after another. */
final class Hash {
    static final long SEED = 0x9E3779B97F4A7C15L;

    private Hash() {}

    static long of(String text) {
        return add(SEED, text);
    }

    static long add(long hash, String text) {
        if (text == null) {
            return mix(hash + 1);
        }
        int length = text.length();
        for (int at = 0; at < length; at++) {
            hash = (hash ^ text.charAt(at)) * 0x100000001B3L;
        }
        return mix(hash + length);
    }

    static long mix(long hash) {
        hash = (hash ^ (hash >>> 32)) * 0xD6E8FEB86659FD93L;
        return hash ^ (hash >>> 32);
    }
}
