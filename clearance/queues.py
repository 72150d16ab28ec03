"""The task queues: where the dispatchers put work and the workers take it from."""

QUEUE = "clearance"
FILING_QUEUE = "clearance-filing"
LISTS_QUEUE = "clearance-lists"
