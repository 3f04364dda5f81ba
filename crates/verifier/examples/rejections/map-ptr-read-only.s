; A program writes to a map's own data.
; map m: array 4 8 1
; rejected EACCES: only read from bpf_array is supported
    r1 = map[fd:0]
    *(u32 *)(r1 +0) = 0
    r0 = 0
    exit
