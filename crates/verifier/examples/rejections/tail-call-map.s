; no example: a map that holds no programs is refused before: `map-helper-mismatch`
