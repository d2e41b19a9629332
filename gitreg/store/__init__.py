"""Git repositories, through pygit2: objects, refs, commits."""
