"""The console: a web application for looking at sessions, answering questions, and undoing answers.

It changes nothing but by records on topics: labels, decisions about models, and `weir.actions`. What it shows comes
from a store of its own (`store/`), which follows the topics and can be built again from them.
"""
