; no example: pointers to the kernel's objects always have the type of a struct
