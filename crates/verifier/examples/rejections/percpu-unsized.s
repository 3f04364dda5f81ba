; no example: a variable that the kernel defines has a complete type
