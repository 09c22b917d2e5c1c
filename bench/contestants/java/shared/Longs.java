/** A small set of hashes that keeps its order. */
final class Longs {
    long[] values = new long[4];
    int size;

    boolean contains(long value) {
        for (int at = size - 1; at >= 0; at--) {
            if (values[at] == value) {
                return true;
            }
        }
        return false;
    }

    void add(long value) {
        if (size == values.length) {
            values = java.util.Arrays.copyOf(values, size * 2);
        }
        values[size++] = value;
    }
}
