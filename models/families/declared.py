"""A model declared in YAML: its family and the hyper-parameters that differ from the family's own.

family: stack
mixing: 0.2
members:
  - family: blended-logistic
    bits: 20
  - family: adaptive-forest
    trees: 3
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from models.families.ensemble import Ensemble
from models.families.registry import FAMILIES
from weir.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Declared:
    """The family and the hyper-parameters of the model that the trainer trains."""

    family: str = Ensemble.family
    """Name of the family, as in `Model.family`."""
    hyper_parameters: Mapping[str, Any] = field(default_factory=dict)
    """Arguments of the family's constructor; empty for its defaults."""


def load_model(path: Path | None) -> Declared:
    """Reads a declaration, and tries it on one example.

    Args:
        path: YAML file of the form above; None for the shipped model.

    Raises:
        SettingsError: the file can't be read, names no known family, or its model can't be built or can't learn.

    Example:
        >>> load_model(None).family
        'pooled-ensemble'
    """
    if path is None:
        return Declared()
    try:
        declared = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SettingsError(f"The model in {path} can't be read: {error}.", _FORM) from error
    if not isinstance(declared, dict) or declared.get("family") not in FAMILIES:
        raise SettingsError(f"{path} names no family of models.", f"Families: {', '.join(sorted(FAMILIES))}.")
    own = {name: value for name, value in declared.items() if name != "family"}
    try:
        model = FAMILIES[declared["family"]](**own)
        model.learn_one({"events": 1.0, "text": "a"}, bad=True)
        model.predict_one({"events": 1.0, "text": "a"})
    except (TypeError, ValueError, KeyError, ArithmeticError, MemoryError, AttributeError) as error:
        raise SettingsError(f"The model in {path} can't be made: {error}.", _FORM) from error
    return Declared(declared["family"], model.hyper_parameters)


_FORM = "It is a mapping: family, and hyper-parameters by name."
