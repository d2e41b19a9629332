"""The one judgement: who may do what, commit by commit."""
