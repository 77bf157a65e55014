"""The questions over HTTP, one file each. A route reads parameters and hands them on; it computes nothing."""
