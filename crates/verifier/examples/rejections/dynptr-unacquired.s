; A dynptr to plain memory is given up as if it were a record of a ring buffer.
; map m: array 4 8 1
; rejected EINVAL: arg 1 is an unacquired reference
    r1 = map[fd:0][0]+0
    r2 = 8
    r3 = 0
    r4 = r10
    r4 += -16
    call bpf_dynptr_from_mem#197
    r1 = r10
    r1 += -16
    r2 = 0
    call bpf_ringbuf_submit_dynptr#199
    r0 = 0
    exit
