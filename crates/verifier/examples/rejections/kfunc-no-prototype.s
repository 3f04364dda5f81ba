; no example: every function of the kernel's types has a prototype
