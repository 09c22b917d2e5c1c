"""The site's policy: Markdown to HTML, without any HTML of its own."""

from __future__ import annotations

from pathlib import Path

from markdown_it import MarkdownIt

_markdown = MarkdownIt("commonmark", {"html": False, "linkify": False}).disable("image")


def policy_html(path: Path) -> str:
    """The file as HTML; if it can't be read, the page says so. Links are kept where they are links of the web."""
    try:
        return str(_markdown.render(path.read_text(errors="replace")))
    except OSError as error:
        return str(_markdown.render(f"The policy at `{path}` can't be read: {error.strerror}."))
