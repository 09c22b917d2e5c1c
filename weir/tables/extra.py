"""Checks that the packages for tables are installed, which a plain installation of Weir lacks."""

from __future__ import annotations

from importlib.util import find_spec

from weir.errors import UsageError

PACKAGES = ("pyarrow", "deltalake")
"""Packages of the extra `table` that are needed for writing."""


def check_extra(what: str) -> None:
    """Checks before the work that the extra `table` is installed.

    Args:
        what: the part that needs the packages, as the subject of the error message.

    Raises:
        UsageError: it is not installed.
    """
    if any(find_spec(package) is None for package in PACKAGES):
        raise UsageError(f"{what} needs pyarrow and deltalake.", "Install them: pip install 'weir[table]'.")
