; no example: every pointer to an allocated object holds a reference or is marked as one that does not own
