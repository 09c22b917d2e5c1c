/** Counts by name; a session has few names. */
final class Counts {
    String[] names = new String[4];
    int[] counts = new int[4];
    int size;

    int get(String name) {
        int at = find(name);
        return at < 0 ? 0 : counts[at];
    }

    boolean has(String name) {
        return find(name) >= 0;
    }

    void add(String name, int by) {
        int at = find(name);
        if (at < 0) {
            if (size == names.length) {
                names = java.util.Arrays.copyOf(names, size * 2);
                counts = java.util.Arrays.copyOf(counts, size * 2);
            }
            at = size++;
            names[at] = name;
        }
        counts[at] += by;
    }

    private int find(String name) {
        for (int at = 0; at < size; at++) {
            if (names[at].equals(name)) {
                return at;
            }
        }
        return -1;
    }
}
