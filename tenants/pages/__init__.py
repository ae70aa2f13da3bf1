"""Pages of the ground floor: the public host's, and the workspace's own."""
