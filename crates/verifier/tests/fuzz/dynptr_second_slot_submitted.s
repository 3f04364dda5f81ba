; The second half of a dynptr holds its reference, so that giving it up fails for another reason. skep said: arg 1 is an
; unacquired reference.
; type: tracepoint
; map ringbuf: ringbuf 0 0 4096
; rejected EINVAL: Expected an initialized dynptr as arg #0
    r1 = map[fd:0]
    r2 = 0
    r3 = 1
    r4 = r10
    r4 += -40
    call bpf_ringbuf_reserve_dynptr#198
    r1 = r10
    r1 += -32
    call bpf_ringbuf_submit_dynptr#199
    exit
