"""Tests of the house itself: sizes, contents, documentation, exceptions."""
