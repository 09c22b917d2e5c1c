import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.PriorityQueue;
import java.util.Properties;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/** The work on Kafka Streams: a processor with one cached store by visitor, exactly-once version 2. */
public final class StreamsPeer {
    private static final String STORE = "visitors";

    private StreamsPeer() {}

    public static void main(String[] arguments) throws Exception {
        boolean withPatterns = System.getenv("BENCH_PATTERNS") != null;
        boolean isRe2 = "re2j".equals(System.getenv("BENCH_REGEX"));
        Patterns patterns = withPatterns ? Patterns.load(isRe2 ? StreamsPeer::re2 : Patterns::javaRegex) : null;
        boolean isInMemory = "memory".equals(System.getenv("BENCH_STORE"));
        Serde<Visitor> visitors = Serdes.serdeFrom((topic, visitor) -> visitor == null ? null : STATES.get().write(visitor),
                (topic, bytes) -> bytes == null ? null : STATES.get().read(bytes));
        Topology topology = new Topology();
        topology.addSource("events", Serdes.String().deserializer(), Serdes.ByteArray().deserializer(), Settings.INPUT);
        topology.addProcessor("fold", () -> new Fold(patterns), "events");
        topology.addStateStore(
                Stores.keyValueStoreBuilder(
                        isInMemory ? Stores.inMemoryKeyValueStore(STORE) : Stores.persistentKeyValueStore(STORE),
                        Serdes.String(), visitors).withCachingEnabled(), "fold");
        topology.addSink("sessions", Settings.OUTPUT, Serdes.String().serializer(), Serdes.ByteArray().serializer(), "fold");
        KafkaStreams streams = new KafkaStreams(topology, properties());
        Runtime.getRuntime().addShutdownHook(new Thread(() -> streams.close(Duration.ofSeconds(20))));
        streams.setUncaughtExceptionHandler(error -> {
            error.printStackTrace();
            return org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
        streams.start();
    }

    private static final ThreadLocal<State> STATES = ThreadLocal.withInitial(State::new);

    private static Predicate<String> re2(String regex) {
        com.google.re2j.Pattern pattern = com.google.re2j.Pattern.compile(regex);
        return text -> pattern.matcher(text).find();
    }

    private static Properties properties() {
        Properties properties = new Properties();
        properties.put(StreamsConfig.APPLICATION_ID_CONFIG, Settings.GROUP);
        properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, Settings.BOOTSTRAP);
        properties.put(StreamsConfig.STATE_DIR_CONFIG, Path.of(Settings.STATE, "streams").toString());
        properties.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        properties.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
        properties.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
        // Ten times the default with exactly-once: fewer transactions, and the cache spares the changelog more.
        properties.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 1000);
        properties.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 512L * 1024 * 1024);
        properties.put(StreamsConfig.BUFFERED_RECORDS_PER_PARTITION_CONFIG, 10_000);
        properties.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
        properties.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_POLL_RECORDS_CONFIG), 10_000);
        properties.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG), 4 * 1024 * 1024);
        properties.put(StreamsConfig.producerPrefix(ProducerConfig.COMPRESSION_TYPE_CONFIG), "lz4");
        properties.put(StreamsConfig.producerPrefix(ProducerConfig.BATCH_SIZE_CONFIG), 256 * 1024);
        properties.put(StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG), 50);
        return properties;
    }

    private record Due(double end, String visitor) implements Comparable<Due> {
        @Override
        public int compareTo(Due other) {
            return Double.compare(end, other.end);
        }
    }

    /** One partition's fold: the watermark is the greatest time in it, and closes what is due. */
    private static final class Fold implements Processor<String, byte[], String, byte[]> {
        private final Patterns patterns;
        private final Output output = new Output();
        private final PriorityQueue<Due> due = new PriorityQueue<>();
        private ProcessorContext<String, byte[]> context;
        private KeyValueStore<String, Visitor> store;
        private double watermark = -1;

        Fold(Patterns patterns) {
            this.patterns = patterns;
        }

        @Override
        public void init(ProcessorContext<String, byte[]> context) {
            this.context = context;
            store = context.getStateStore(STORE);
            try (KeyValueIterator<String, Visitor> all = store.all()) {
                while (all.hasNext()) {
                    KeyValue<String, Visitor> one = all.next();
                    due.add(new Due(earliest(one.value), one.key));
                }
            }
        }

        @Override
        public void process(Record<String, byte[]> record) {
            Event event = Event.parse(record.value());
            if (event.ts > watermark) {
                watermark = event.ts;
                close(watermark - Settings.GAP - Settings.GRACE, record.timestamp());
            }
            Visitor visitor = store.get(event.visitor);
            boolean isNew = visitor == null;
            if (isNew) visitor = new Visitor();
            Session session = visitor.take(event, Settings.GAP);
            if (session == null) return;
            boolean matters = session.add(event);
            if (patterns != null && patterns.note(event, session)) matters = true;
            if (isNew) due.add(new Due(session.end, event.visitor));
            if (matters) publish(event.visitor, session, false, record.timestamp());
            store.put(event.visitor, visitor);
        }

        private void close(double horizon, long timestamp) {
            while (!due.isEmpty() && due.peek().end < horizon) {
                String name = due.poll().visitor;
                Visitor visitor = store.get(name);
                boolean hasClosed = false;
                for (Iterator<Session> all = visitor.sessions.iterator(); all.hasNext(); ) {
                    Session session = all.next();
                    if (session.end < horizon) {
                        publish(name, session, true, timestamp);
                        all.remove();
                        hasClosed = true;
                    }
                }
                if (visitor.sessions.isEmpty()) {
                    store.delete(name);
                } else {
                    due.add(new Due(earliest(visitor), name));
                    if (hasClosed) store.put(name, visitor);
                }
            }
        }

        private static double earliest(Visitor visitor) {
            double least = Double.MAX_VALUE;
            for (Session session : visitor.sessions) least = Math.min(least, session.end);
            return least;
        }

        private void publish(String visitor, Session session, boolean isFinal, long timestamp) {
            context.forward(new Record<>(visitor, output.record(visitor, session, isFinal, patterns), timestamp));
        }
    }
}
