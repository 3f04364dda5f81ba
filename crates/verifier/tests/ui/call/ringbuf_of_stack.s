; The stack is submitted as if it were a record.
; map rb: ringbuf 0 0 4096
; rejected EACCES: R1 type=fp expected=ringbuf_mem
; insns: 4
    r1 = r10
    r1 += -8
    r2 = 0
    call bpf_ringbuf_submit#132
    r0 = 0
    exit
