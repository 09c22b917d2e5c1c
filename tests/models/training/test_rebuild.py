from __future__ import annotations

from models.training.config import TrainerConfig
from models.training.rebuild import rebuild
from models.training.trainer import Trainer
from tests.support.examples import easy_example
from weir.contracts.model_record import Snapshot

CONFIG = TrainerConfig(window=200, every=100, first_from=100, first_every=100, refresh_every=0)


def test_a_model_comes_out_of_its_examples_to_the_last_bit() -> None:
    examples = [(offset, float(offset), easy_example(offset)) for offset in range(330)]
    trainer, published = Trainer(CONFIG), dict[str, Snapshot]()
    decisions = []
    for offset, at, example in examples:
        trainer.learn(example, offset)
        if trainer.is_evaluation_due:
            outcome = trainer.evaluate(at)
            assert outcome.decision is not None
            decisions.append(outcome.decision)
            if outcome.snapshot is not None:
                published[outcome.snapshot.version] = outcome.snapshot
    rebuilt = rebuild(CONFIG, examples, published)
    assert rebuilt.equal == list(published)
    assert rebuilt.equal
    assert not rebuilt.different
    assert rebuilt.decisions == decisions
    # A workflow's version is none that the learner could make again.
    foreign = {
        f"retrain-{name}": one.model_copy(update={"version": f"retrain-{name}"}) for name, one in published.items()
    }
    assert rebuild(CONFIG, examples, published | foreign).equal == rebuilt.equal
    assert rebuild(CONFIG, examples, foreign).equal == []
    lost = rebuild(CONFIG, examples[50:], published)
    assert lost.different == list(published)
