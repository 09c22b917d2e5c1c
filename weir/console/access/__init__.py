"""Access to the console: users, roles, log-ins, signed sessions, and protection from forms of other sites."""
