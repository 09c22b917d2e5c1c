from __future__ import annotations

import importlib
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from models.features.inputs import inputs
from models.features.registry import FEATURES
from tests.support.sessions import make_session

BY_CODE = {feature.code: feature for feature in FEATURES}


def function(code: str) -> Callable[[Any], dict[str, Any]]:
    module, name = code.split(":")
    found: Callable[[Any], dict[str, Any]] = getattr(importlib.import_module(module), name)
    return found


@pytest.mark.parametrize("code", BY_CODE)
def test_a_function_gives_only_features_whose_code_names_it_and_reads_only_their_inputs(code: str) -> None:
    session = make_session()
    told = {name: getattr(session, name) for name in inputs(BY_CODE[code])}
    # A field that is read and not among the inputs is an AttributeError.
    found = function(code)(SimpleNamespace(**told))
    assert found == function(code)(session)
    assert set(found) <= {feature.name for feature in FEATURES if feature.code == code}
