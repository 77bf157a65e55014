"""How does everything that a store keeps come out of it, and into another one, exactly?

records     what a dump consists of, and in which order
lines       a record as one line of JSON, and back
export      a dump as a sequence of lines that proves itself whole
"""
