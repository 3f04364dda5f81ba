; Two functions are listed, but the program has one.
; func_info: 0 f0, 1 f0
; rejected EINVAL: number of funcs in func_info doesn't match number of subprogs
    r0 = 0
    exit
