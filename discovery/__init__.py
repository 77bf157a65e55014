"""The heartbeat: when to look, and what to do with what was seen: observe, plan, settle, commit."""
