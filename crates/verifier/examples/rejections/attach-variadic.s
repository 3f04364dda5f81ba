; no example: functions of any number of arguments are not among the kernel types that skep ships
