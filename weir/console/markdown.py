"""Converts the site's policy from Markdown to HTML; HTML within the Markdown is escaped."""

from __future__ import annotations

from pathlib import Path

from markdown_it import MarkdownIt

_markdown = MarkdownIt("commonmark", {"html": False, "linkify": False}).disable("image")


def policy_html(path: Path) -> str:
    """The file as HTML, or a message if it can't be read. Links with unsafe schemes are not rendered."""
    try:
        return str(_markdown.render(path.read_text(errors="replace")))
    except OSError as error:
        return str(_markdown.render(f"The policy at `{path}` can't be read: {error.strerror}."))
