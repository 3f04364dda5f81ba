; no example: numbers and structs of numbers alone come so far, and the size of each is known
