"""What follows from what is known? Pure questions over a `GraphReader`."""
