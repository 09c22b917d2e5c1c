from __future__ import annotations

from pathlib import Path

import pytest
from confluent_kafka import Producer

from tests.support.command import weir
from weir.contracts import Label
from weir.kafka.bulk_sender import BulkSender
from weir.kafka.reader import read_all
from weir.kafka.records import Output
from weir.partitioner import partition_for
from weir.settings import Settings
from weir.topics import LABELS, SESSIONS

GONE = ("--bootstrap-servers", "127.0.0.1:1")


def sent(installation: Settings) -> list[Label]:
    records = list(read_all(installation, LABELS))
    for record in records:
        assert record.partition == partition_for(record.key or b"", installation.partitions)
    labels = [Label.model_validate_json(record.value or b"") for record in records]
    assert [label.visitor_id.encode() for label in labels] == [record.key for record in records]
    return labels


@pytest.mark.kafka
def test_one_answer_by_flags(installation: Settings) -> None:
    answer = ("--visitor", "v1", "--label", "bad", "--category", "spam", "--source", "ana", "--ts", "1700000000")
    called = weir("labels", "add", *answer, on=installation)
    assert called.code == 0
    assert called.err.startswith("1 label sent.\n")
    (label,) = sent(installation)
    assert (label.visitor_id, label.session_id, label.ts) == ("v1", None, 1_700_000_000.0)
    assert (label.label, label.category, label.source, label.weight) == ("bad", "spam", "ana", 1.0)


@pytest.mark.kafka
def test_a_label_with_a_timestamp_of_old_is_not_gone_before_it_is_read(installation: Settings) -> None:
    topic = installation.names.public(LABELS)
    producer = Producer(installation.client_options())
    producer.produce(topic, b"{}", b"v1", timestamp=1)
    assert producer.flush(10) == 0
    (record,) = read_all(installation, LABELS)
    assert record.timestamp > 1_700_000_000_000


@pytest.mark.kafka
def test_many_answers_by_a_file_each_to_its_visitors_partition(installation: Settings, tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl"
    lines = [f'{{"visitor_id": "v{n}", "ts": {n}, "label": "good", "source": "ana"}}\n' for n in range(20)]
    path.write_text("\n".join(lines))
    called = weir("labels", "add", "--file", str(path), "--json", on=installation)
    assert called.rows() == [{"labels": 20}]
    assert len(sent(installation)) == 20


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "--visitor and --label"),
        (("--visitor", "v"), "--visitor and --label"),
        (("--visitor", "v", "--label", "ugly"), "label"),
        (("--visitor", "", "--label", "bad"), "visitor_id"),
        (("--visitor", "v", "--label", "bad", "--weight", "0"), "weight"),
        (("--visitor", "v", "--label", "bad", "--weight", "nan"), "weight"),
        (("--visitor", "v", "--label", "bad", "--ts", "soon"), "soon"),
        (("--file", "nowhere.jsonl"), "nowhere.jsonl"),
        (("--file", "nowhere.jsonl", "--visitor", "v"), "Give the file, or visitor and label"),
    ],
)
def test_a_wrong_answer_is_the_callers_mistake_and_nothing_is_sent(arguments: tuple[str, ...], said: str) -> None:
    called = weir("labels", "add", *arguments, *GONE)
    assert called.code == 2, called.err
    assert said in called.err
    assert "Traceback" not in called.err


def test_a_file_with_a_wrong_line_names_it(tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text('{"visitor_id": "v", "ts": 1, "label": "good", "source": "ana"}\n{"visitor_id": "v"}\n')
    called = weir("labels", "add", "--file", str(path), *GONE)
    assert called.code == 2
    assert "Line 2" in called.err


@pytest.mark.kafka
def test_labels_are_listed_by_time_without_what_weir_concluded_itself(installation: Settings, tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl"
    said = [("v1", 1, "ana"), ("v2", 3, "ben"), ("v1", 2, "weak:purchase"), ("v1", 4, "ana")]
    lines = [
        f'{{"visitor_id": "{who}", "ts": {ts}, "label": "good", "source": "{source}"}}' for who, ts, source in said
    ]
    path.write_text("\n".join(lines))
    assert weir("labels", "add", "--file", str(path), on=installation).code == 0

    def listed(*options: str) -> list[float]:
        return [row["ts"] for row in weir("labels", "list", "--json", *options, on=installation).rows()]

    assert listed() == [1.0, 3.0, 4.0]
    assert listed("--weak") == [1.0, 2.0, 3.0, 4.0]
    assert listed("--visitor", "v1") == [1.0, 4.0]
    assert listed("--source", "ben") == [3.0]
    assert listed("--max", "1") == [4.0]
    assert "1970-01-01 00:00:03Z" in weir("labels", "list", on=installation).out


def sessions_of(installation: Settings, *visitors: str) -> None:
    sender = BulkSender(installation)
    for visitor in visitors:
        sender.send(Output(SESSIONS, visitor.encode(), b"{}"))
    sender.flush()


@pytest.mark.kafka
def test_whoever_answers_is_told_of_a_visitor_that_nobody_has_seen(installation: Settings) -> None:
    sessions_of(installation, "v1", "v2", "v3")
    seen = weir("labels", "add", "--visitor", "v1", "--label", "bad", on=installation)
    unseen = weir("labels", "add", "--visitor", "v-1", "--label", "bad", on=installation)
    assert (seen.code, unseen.code) == (0, 0)
    assert "has no session of" not in seen.err
    assert f"{installation.names.public(SESSIONS)} has no session of v-1. Check the visitors' ids." in unseen.err


@pytest.mark.kafka
def test_whoever_answers_is_told_whether_the_answer_decides(installation: Settings) -> None:
    said = [
        weir(
            *("labels", "add", "--visitor", "v1", "--label", "bad", "--source", source),
            *("--set", "human_sources=ana,desk:*"),
            on=installation,
        ).err
        for source in ("ana", "desk:ben", "cleo", "report:ana", "weak:purchase")
    ]
    assert ["Not in human_sources" in one for one in said] == [False, False, True, False, False]


@pytest.mark.kafka
def test_an_answer_is_withdrawn_once_and_by_its_source_alone(installation: Settings) -> None:
    def withdrawn(*options: str) -> tuple[int, str]:
        called = weir("labels", "withdraw", "--visitor", "v1", *options, on=installation)
        return called.code, called.err

    answer = ("labels", "add", "--visitor", "v1", "--label", "bad", "--source", "ana", "--ts", "1700000000")
    assert weir(*answer, "--session", "s1", on=installation).code == 0
    assert weir(*answer, "--session", "s2", on=installation).code == 0
    code, said = withdrawn("--source", "ben")
    assert code == 2
    assert "There is no label of ben on v1 to withdraw." in said
    code, said = withdrawn("--source", "ana", "--session", "s1")
    assert code == 0
    assert "Withdrawn: bad of session s1, labelled by ana at 2023-11-14" in said
    assert "Models don't unlearn labels." in said
    assert withdrawn("--source", "ana", "--session", "s1")[0] == 2
    code, said = withdrawn("--source", "ana")
    assert (code, said.count("Withdrawn:")) == (0, 1)
    assert [(one.session_id, one.label) for one in sent(installation)[2:]] == [("s1", "withdrawn"), (None, "withdrawn")]
