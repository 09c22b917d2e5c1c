import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Iterator;
import org.apache.flink.api.common.eventtime.SerializableTimestampAssigner;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.base.TypeSerializerSingleton;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.ExternalizedCheckpointRetention;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.configuration.StateBackendOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;

/** The work on Flink, in a local cluster: keyed state on the heap, event-time timers, exactly-once sink. */
public final class FlinkPeer {
    private FlinkPeer() {}

    /** An event's visitor, time and bytes: what is sent from the source to the fold. */
    public static final class Raw {
        String visitor;
        byte[] value;

        Raw(String visitor, byte[] value) {
            this.visitor = visitor;
            this.value = value;
        }
    }

    /** A session's record. */
    public static final class Out {
        final byte[] key;
        final byte[] value;

        Out(byte[] key, byte[] value) {
            this.key = key;
            this.value = value;
        }
    }

    public static void main(String[] arguments) throws Exception {
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.createLocalEnvironment(1, configuration());
        environment.enableCheckpointing(1000);
        KafkaSource<Raw> source = KafkaSource.<Raw>builder()
                .setBootstrapServers(Settings.BOOTSTRAP)
                .setTopics(Settings.INPUT)
                .setGroupId(Settings.GROUP)
                .setStartingOffsets(OffsetsInitializer.earliest())
                .setDeserializer(new Reader())
                .setProperty("commit.offsets.on.checkpoint", "true")
                .setProperty("max.partition.fetch.bytes", "4194304")
                .setProperty("max.poll.records", "10000")
                .build();
        KafkaSink<Out> sink = KafkaSink.<Out>builder()
                .setBootstrapServers(Settings.BOOTSTRAP)
                .setRecordSerializer(new Writer())
                .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
                .setTransactionalIdPrefix(Settings.GROUP)
                .setProperty("transaction.timeout.ms", "60000")
                .setProperty("compression.type", "lz4")
                .setProperty("batch.size", "262144")
                .setProperty("linger.ms", "50")
                .build();
        WatermarkStrategy<Raw> times = WatermarkStrategy.<Raw>forMonotonousTimestamps()
                .withTimestampAssigner((SerializableTimestampAssigner<Raw>) (raw, kafka) -> millis(raw.value));
        environment.fromSource(source, times, "events")
                .returns(new RawType())
                .keyBy(raw -> raw.visitor, Types.STRING)
                .process(new Fold(), Types.GENERIC(Out.class))
                .sinkTo(sink);
        environment.execute("sessions");
    }

    private static Configuration configuration() {
        Configuration configuration = new Configuration();
        configuration.set(StateBackendOptions.STATE_BACKEND, "hashmap");
        configuration.set(CheckpointingOptions.CHECKPOINT_STORAGE, "filesystem");
        configuration.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, "file://" + Settings.STATE + "/checkpoints");
        configuration.set(CheckpointingOptions.EXTERNALIZED_CHECKPOINT_RETENTION,
                ExternalizedCheckpointRetention.DELETE_ON_CANCELLATION);
        configuration.set(PipelineOptions.OBJECT_REUSE, true);
        configuration.set(PipelineOptions.AUTO_WATERMARK_INTERVAL, Duration.ofMillis(200));
        configuration.set(RestOptions.BIND_PORT, "0");
        configuration.set(TaskManagerOptions.NETWORK_MEMORY_MIN, MemorySize.ofMebiBytes(64));
        configuration.set(TaskManagerOptions.NETWORK_MEMORY_MAX, MemorySize.ofMebiBytes(64));
        return configuration;
    }

    private static final byte[] TIME = "\"ts\":".getBytes(StandardCharsets.US_ASCII);

    /** The event's time, found without parsing the rest; in milliseconds, as Flink's timers are. */
    private static long millis(byte[] json) {
        search:
        for (int at = 0; at < json.length - TIME.length; at++) {
            for (int part = 0; part < TIME.length; part++) {
                if (json[at + part] != TIME[part]) continue search;
            }
            int begin = at + TIME.length, end = begin;
            while (json[end] != ',' && json[end] != '}') end++;
            return Math.round(Double.parseDouble(new String(json, begin, end - begin, StandardCharsets.US_ASCII)) * 1000);
        }
        throw new IllegalArgumentException("an event without a time");
    }

    /** One visitor's sessions, with a timer for the moment at which the next of them closes. */
    private static final class Fold extends KeyedProcessFunction<String, Raw, Out> {
        private static final long CLOSES_AFTER_MS = Math.round((Settings.GAP + Settings.GRACE) * 1000);
        private transient ValueState<Visitor> state;
        private transient Output output;

        @Override
        public void open(OpenContext context) {
            state = getRuntimeContext().getState(new ValueStateDescriptor<>("visitor", new VisitorType()));
            output = new Output();
        }

        @Override
        public void processElement(Raw raw, Context context, Collector<Out> out) throws Exception {
            Event event = Event.parse(raw.value);
            Visitor visitor = state.value();
            boolean isNew = visitor == null;
            if (isNew) visitor = new Visitor();
            Session session = visitor.take(event, Settings.GAP);
            if (session == null) return;
            boolean matters = session.add(event);
            // One timer a visitor: when it fires and the session has gone on, it is set anew.
            if (isNew) remind(session, context);
            if (matters) out.collect(record(raw.visitor, session, false));
            state.update(visitor);
        }

        @Override
        public void onTimer(long timestamp, OnTimerContext context, Collector<Out> out) throws Exception {
            Visitor visitor = state.value();
            Session first = null;
            for (Iterator<Session> all = visitor.sessions.iterator(); all.hasNext(); ) {
                Session session = all.next();
                if (due(session) <= timestamp) {
                    out.collect(record(context.getCurrentKey(), session, true));
                    all.remove();
                } else if (first == null || session.end < first.end) {
                    first = session;
                }
            }
            if (first == null) {
                state.clear();
            } else {
                remind(first, context);
                state.update(visitor);
            }
        }

        private static void remind(Session session, Context context) {
            context.timerService().registerEventTimeTimer(due(session));
        }

        private static long due(Session session) {
            return Math.round(session.end * 1000) + CLOSES_AFTER_MS;
        }

        private Out record(String visitor, Session session, boolean isFinal) {
            return new Out(visitor.getBytes(StandardCharsets.UTF_8), output.record(visitor, session, isFinal, null));
        }
    }

    private static final class Reader implements KafkaRecordDeserializationSchema<Raw> {
        @Override
        public void deserialize(ConsumerRecord<byte[], byte[]> record, Collector<Raw> out) {
            out.collect(new Raw(new String(record.key(), StandardCharsets.UTF_8), record.value()));
        }

        @Override
        public TypeInformation<Raw> getProducedType() {
            return new RawType();
        }
    }

    private static final class Writer implements KafkaRecordSerializationSchema<Out> {
        @Override
        public ProducerRecord<byte[], byte[]> serialize(Out out, KafkaSinkContext context, Long timestamp) {
            return new ProducerRecord<>(Settings.OUTPUT, null, out.key, out.value);
        }
    }

    /** What is alike in the two types that have a serializer of their own. */
    private abstract static class OwnType<T> extends TypeInformation<T> {
        @Override public boolean isBasicType() { return false; }
        @Override public boolean isTupleType() { return false; }
        @Override public int getArity() { return 1; }
        @Override public int getTotalFields() { return 1; }
        @Override public boolean isKeyType() { return false; }
        @Override public String toString() { return getTypeClass().getSimpleName(); }
        @Override public boolean equals(Object other) { return other != null && other.getClass() == getClass(); }
        @Override public int hashCode() { return getTypeClass().hashCode(); }
        @Override public boolean canEqual(Object other) { return equals(other); }
    }

    private static final class RawType extends OwnType<Raw> {
        @Override public Class<Raw> getTypeClass() { return Raw.class; }

        @Override
        public TypeSerializer<Raw> createSerializer(org.apache.flink.api.common.serialization.SerializerConfig config) {
            return new RawSerializer();
        }
    }

    private static final class VisitorType extends OwnType<Visitor> {
        @Override public Class<Visitor> getTypeClass() { return Visitor.class; }

        @Override
        public TypeSerializer<Visitor> createSerializer(org.apache.flink.api.common.serialization.SerializerConfig config) {
            return new VisitorSerializer();
        }
    }

    /** Copies by bytes where it must; on the heap that is only while a checkpoint is written. */
    private abstract static class OwnSerializer<T> extends TypeSerializerSingleton<T> {
        @Override public T copy(T from, T reuse) { return copy(from); }
        @Override public int getLength() { return -1; }
        @Override public T deserialize(T reuse, DataInputView from) throws IOException { return deserialize(from); }

        @Override
        public void copy(DataInputView from, DataOutputView to) throws IOException {
            serialize(deserialize(from), to);
        }

        static void bytes(byte[] bytes, DataOutputView to) throws IOException {
            to.writeInt(bytes.length);
            to.write(bytes);
        }

        static byte[] bytes(DataInputView from) throws IOException {
            byte[] bytes = new byte[from.readInt()];
            from.readFully(bytes);
            return bytes;
        }
    }

    public static final class RawSerializer extends OwnSerializer<Raw> {
        @Override public boolean isImmutableType() { return true; }
        @Override public Raw createInstance() { return new Raw("", new byte[0]); }
        @Override public Raw copy(Raw from) { return from; }

        @Override
        public void serialize(Raw raw, DataOutputView to) throws IOException {
            bytes(raw.visitor.getBytes(StandardCharsets.UTF_8), to);
            bytes(raw.value, to);
        }

        @Override
        public Raw deserialize(DataInputView from) throws IOException {
            return new Raw(new String(bytes(from), StandardCharsets.UTF_8), bytes(from));
        }

        @Override public TypeSerializerSnapshot<Raw> snapshotConfiguration() { return new RawSnapshot(); }
    }

    public static final class VisitorSerializer extends OwnSerializer<Visitor> {
        private static final ThreadLocal<State> STATES = ThreadLocal.withInitial(State::new);

        @Override public boolean isImmutableType() { return false; }
        @Override public Visitor createInstance() { return new Visitor(); }
        @Override public Visitor copy(Visitor from) { return STATES.get().read(STATES.get().write(from)); }
        @Override public void serialize(Visitor visitor, DataOutputView to) throws IOException { bytes(STATES.get().write(visitor), to); }
        @Override public Visitor deserialize(DataInputView from) throws IOException { return STATES.get().read(bytes(from)); }
        @Override public TypeSerializerSnapshot<Visitor> snapshotConfiguration() { return new VisitorSnapshot(); }
    }

    public static final class RawSnapshot extends SimpleTypeSerializerSnapshot<Raw> {
        public RawSnapshot() { super(RawSerializer::new); }
    }

    public static final class VisitorSnapshot extends SimpleTypeSerializerSnapshot<Visitor> {
        public VisitorSnapshot() { super(VisitorSerializer::new); }
    }
}
