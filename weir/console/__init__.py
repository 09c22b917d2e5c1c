"""The console: a web application for looking at sessions, answering questions, and undoing answers.

It writes only records to topics: labels, decisions about models, and `weir.actions`. It shows data of its own store
(`store/`), which follows the topics and can be rebuilt from them.
"""
