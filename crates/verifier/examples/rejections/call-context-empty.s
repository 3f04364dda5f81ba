; no example: a size of zero, and memory of no bytes, are refused or allowed before
