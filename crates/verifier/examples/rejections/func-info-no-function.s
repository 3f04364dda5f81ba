; The type of a function is a number's.
; func_info: 0 int
; rejected EINVAL: invalid type id 1 in func info
    r0 = 0
    exit
