"""Turns raw objects of the Kubernetes API into statements. Pure: no I/O, no clock, nothing remembered.

`place` names things, `meta` reads what all objects have, `stated` makes any mapper total and its values clean, and each
other module maps the kinds of one field.
"""
