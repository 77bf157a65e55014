"""The mirror of the house: one folder of tests per package, real servers and structure beside them."""
