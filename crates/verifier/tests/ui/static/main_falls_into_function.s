; The main program falls through into the function below it.
; rejected EINVAL: last insn is not an exit or jmp
    call f
    r0 = 0
f:  r0 = 1
    exit
