"""The wire: what each answer looks like as JSON. One file per question, and the envelope around all of them."""
