; no example: Linux registers no kernel function as one of an iterator that does not take the iterator first
