; no example: the variables in the kernel types that skep ships all have a size
