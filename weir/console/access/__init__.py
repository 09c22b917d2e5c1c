"""Who may do what in the console: people, roles, log-ins, signed sessions, and forms that other sites send."""
