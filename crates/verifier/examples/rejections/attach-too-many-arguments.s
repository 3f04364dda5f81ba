; no example: functions of more than 12 arguments are not among the kernel types that skep ships
