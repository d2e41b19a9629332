"""What a write costs without gitreg: the measure of benchmarks."""

import pygit2


def bare_commit(repository: pygit2.Repository, path: str, content: str) -> None:
    """Write what a change of one file writes, with nothing but pygit2: blob, trees, commit, ref."""
    head = repository.references["refs/heads/main"].peel(pygit2.Commit)
    made: pygit2.Oid = repository.create_blob(content.encode())
    names = path.split("/")
    trees = [head.tree]
    for name in names[:-1]:
        trees.append(repository[trees[-1][name].id].peel(pygit2.Tree))
    mode = pygit2.enums.FileMode.BLOB
    for name, tree in zip(reversed(names), reversed(trees), strict=True):
        builder = repository.TreeBuilder(tree)
        builder.insert(name, made, mode)
        made, mode = builder.write(), pygit2.enums.FileMode.TREE
    who = pygit2.Signature("admin", "admin@localhost")
    repository.create_commit("refs/heads/main", who, who, "a change\n", made, [head.id])
