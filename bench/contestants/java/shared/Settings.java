/** What the benchmark tells a contestant, by the environment. */
final class Settings {
    static final String BOOTSTRAP = of("BOOTSTRAP"), INPUT = of("INPUT"), OUTPUT = of("OUTPUT"), GROUP = of("GROUP");
    static final String STATE = of("STATE");
    static final double GAP = Double.parseDouble(of("GAP_S")), GRACE = Double.parseDouble(of("GRACE_S"));
    static final int PARTITIONS = Integer.parseInt(of("PARTITIONS"));

    private Settings() {}

    private static String of(String name) {
        return System.getenv("BENCH_" + name);
    }
}
