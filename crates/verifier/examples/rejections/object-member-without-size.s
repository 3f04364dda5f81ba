; no example: all members of the kernel's structs have a size
