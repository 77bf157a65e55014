"""The eyes: each collector reads one kind of system. It writes nothing, remembers nothing and guesses nothing."""
