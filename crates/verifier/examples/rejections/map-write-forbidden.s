; A program writes to a map that it may only read.
; map m: array 4 8 1 128
; rejected EACCES: write into map forbidden, value_size=8 off=0 size=8
    r1 = map[fd:0][0]+0
    *(u64 *)(r1 +0) = 0
    r0 = 0
    exit
