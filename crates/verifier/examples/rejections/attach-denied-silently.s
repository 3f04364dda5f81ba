; no example: the functions that tracing runs on are not among the kernel types that skep ships
