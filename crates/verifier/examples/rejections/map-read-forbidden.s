; A program reads a map that it may only write.
; map m: array 4 8 1 256
; rejected EACCES: read from map forbidden, value_size=8 off=0 size=8
    r1 = map[fd:0][0]+0
    r0 = *(u64 *)(r1 +0)
    exit
