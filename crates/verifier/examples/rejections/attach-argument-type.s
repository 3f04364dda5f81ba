; no example: functions that take a struct of more than 16 bytes are not among the kernel types that skep ships
