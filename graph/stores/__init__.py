"""Where is the memory kept? One contract (`graph.store`), several stores, one suite of tests for all of them."""
