; A program reads before the start of a map.
; map m: array 4 8 1
; rejected EACCES: R1 is bpf_array invalid negative access: off=-4
    r1 = map[fd:0]
    r0 = *(u32 *)(r1 -4)
    exit
