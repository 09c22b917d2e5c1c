"""The packages that tables need, which a plain installation of Weir lacks."""

from __future__ import annotations

from importlib.util import find_spec

from weir.errors import UsageError

PACKAGES = ("pyarrow", "deltalake")
"""Those of the extra `table` that writing needs."""


def check_extra(what: str) -> None:
    """Sees before the work that the extra `table` is installed.

    Args:
        what: subject of the error's sentence: what needs the packages.

    Raises:
        UsageError: it isn't.
    """
    if any(find_spec(package) is None for package in PACKAGES):
        raise UsageError(f"{what} needs pyarrow and deltalake.", "Install them: pip install 'weir[table]'.")
