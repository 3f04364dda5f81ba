; A clone dies with its original.
; map rb: ringbuf 0 0 4096
; rejected EINVAL: Expected an initialized dynptr as arg #0
    r1 = map[fd:0]
    r2 = 8
    r3 = 0
    r4 = r10
    r4 += -16
    call bpf_ringbuf_reserve_dynptr#198
    r1 = r10
    r1 += -16
    r2 = r10
    r2 += -32
    kcall bpf_dynptr_clone
    r1 = r10
    r1 += -16
    r2 = 0
    call bpf_ringbuf_submit_dynptr#199
    r1 = r10
    r1 += -32
    kcall bpf_dynptr_size
    r0 = 0
    exit
