; no example: while a lock is held, every call of a helper but the one that releases it is stopped before: `call-under-lock`
