"""Examples in the docstrings of models run, and each family has one."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from types import ModuleType

import pytest

import models.families
import rules
from models.families.base import Model
from models.families.registry import FAMILIES


def _names(package: ModuleType) -> Iterator[str]:
    yield package.__name__
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        yield found.name


def _examples(module: ModuleType) -> list[doctest.DocTest]:
    return [test for test in doctest.DocTestFinder().find(module) if test.examples]


MODULES = [*_names(models), *_names(rules)]


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_give_what_they_show(name: str) -> None:
    report: list[str] = []
    runner = doctest.DocTestRunner()
    for test in _examples(importlib.import_module(name)):
        runner.run(test, out=report.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(report)


def _family_classes() -> list[type[Model]]:
    """Public classes of `models.families` that are models and can be built."""
    modules = (importlib.import_module(name) for name in _names(models.families))
    return [
        found
        for module in modules
        for name, found in vars(module).items()
        if inspect.isclass(found) and issubclass(found, Model) and found.__module__ == module.__name__
        if not inspect.isabstract(found) and not name.startswith("_")
    ]


@pytest.mark.parametrize("family", _family_classes(), ids=lambda family: family.family)
def test_each_family_has_an_example_that_learns_and_predicts(family: type[Model]) -> None:
    examples = doctest.DocTestFinder(recurse=False).find(family)
    calls = "".join(example.source for test in examples for example in test.examples)
    assert "learn_one(" in calls or "see(" in calls, f"{family.__name__} has no example that learns"
    assert "predict_one(" in calls or "unusual(" in calls, f"{family.__name__} has no example that predicts"


def test_each_registered_family_is_checked_for_an_example() -> None:
    assert {family.family for family in _family_classes()} == set(FAMILIES)
