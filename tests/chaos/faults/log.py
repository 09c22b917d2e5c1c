"""What happens to the logs, and to what the group remembers of them."""

from __future__ import annotations

import time

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, TopicPartition

from tests.chaos.faults.place import READY_TIMEOUT_S, STEP_S, Stricken
from weir.kafka.admin import admin
from weir.topics import EVENTS


class OfTheLog(Stricken):
    """Family `log`."""

    def offsets_reset(self) -> str:
        """All workers end, and the group's offsets are set to the start: positions come from our state alone."""
        usual = self.fleet.wanted
        self.fleet.resize(0)
        self._until(lambda: not self.fleet.members, READY_TIMEOUT_S)
        reset = self._reset()
        self.fleet.resize(usual)
        return "all partitions to 0" if reset else "the group could not be reset"

    def _reset(self) -> bool:
        topic = self.settings.names.public(EVENTS)
        start = [TopicPartition(topic, number, 0) for number in range(self.settings.partitions)]
        client = admin(self.settings)
        deadline = time.monotonic() + READY_TIMEOUT_S
        while time.monotonic() < deadline:
            groups = client.list_consumer_groups().result().valid
            asked = [ConsumerGroupTopicPartitions(group.group_id, start) for group in groups]
            try:
                for future in client.alter_consumer_group_offsets(asked[:1]).values() if asked else ():
                    future.result()
            except KafkaException:
                # Members that were killed are still counted until their session ends.
                self._last(STEP_S)
            else:
                return bool(asked)
        return False
