"""The index: every list, search and time question, answered by SQLite. Derived from history."""
