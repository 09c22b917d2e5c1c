"""The inputs of an unfinished run, so that the next run continues with them although the tables have grown.

FOLDER/unfinished.json is written when a run begins, and deleted when it ends well or in a way that would repeat itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from streams.workflow.content import step_key
from streams.workflow.declaration import Workflow
from streams.workflow.store import Store

Texts = Mapping[str, str]


class Unfinished:
    """The record of a store's unfinished run. Call it while the store is held.

    Args:
        store: whose last run it is.
        workflow: The workflow.
        given: value of each name that the workflow is given.
    """

    def __init__(self, store: Store, workflow: Workflow, given: Texts) -> None:
        self._store, self._workflow, self._given = store, workflow, given
        self._file = store.folder / "unfinished.json"

    def begin(self, contents: Texts) -> None:
        """Records the contents that a run begins with."""
        part = self._file.with_suffix(".part")
        part.write_text(json.dumps({"given": dict(self._given), "contents": dict(contents)}), encoding="utf-8")
        part.rename(self._file)

    def end(self) -> None:
        """Deletes the record."""
        self._file.unlink(missing_ok=True)

    def contents(self) -> Texts | None:
        """What the unfinished run began with; None if the next run must begin with the present contents.

        It is used only if the steps that read tables have results already. Otherwise nothing would be gained by an
        older version, which may have been cleaned away, or may be an empty table.
        """
        try:
            found = json.loads(self._file.read_text(encoding="utf-8"))
            given, contents = found["given"], found["contents"]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        tables = {name for name, one in self._workflow.given.items() if one.kind == "table"}
        readers = [step for step in self._workflow.steps if tables & set(step.inputs)]
        if given != dict(self._given) or set(contents) != set(self._workflow.given) or not readers:
            return None
        for step in readers:
            if not set(step.inputs) <= set(contents):
                return None
            key = step_key(self._workflow, step, {name: contents[name] for name in step.inputs})
            if self._store.find(step, key) is None:
                return None
        return contents  # type: ignore[no-any-return]  # its keys are compared above
