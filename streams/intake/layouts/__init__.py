"""Layouts of servers' logs: what a column can hold, how a line is taken apart, and the event that it becomes."""
