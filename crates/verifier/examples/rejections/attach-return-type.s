; no example: functions that return a struct are not among the kernel types that skep ships
