"""The format: trees, manifests, snapshots, and the one diff."""
