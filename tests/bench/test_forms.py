from __future__ import annotations

import pytest

from bench.contestants import forms
from bench.unavailable import UnavailableError


def test_two_forms_are_compared_only_where_there_are_two(monkeypatch: pytest.MonkeyPatch) -> None:
    for compiled, pure in ((0, 0), (7, 7)):
        monkeypatch.setattr(forms, "_compiled", lambda more, pair=(compiled, pure): pair[bool(more)])
        with pytest.raises(UnavailableError):
            forms.require_two_forms()

    monkeypatch.setattr(forms, "_compiled", lambda more: 0 if more else 7)
    forms.require_two_forms()


def test_compiled_modules_of_a_worker_are_counted() -> None:
    assert forms._compiled({}) >= 0
