; no example: every per-CPU variable that a program can load has a type: `ksym` refuses the others before
