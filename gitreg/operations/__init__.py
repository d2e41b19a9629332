"""What a person can do, as values that plan their edits."""
