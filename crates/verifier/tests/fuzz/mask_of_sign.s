; A sign that fills a number and is masked is one of two numbers.
; type: socket_filter
; accepted
    call bpf_get_prandom_u32#7
    r1 = r0
    r1 <<= 32
    r1 s>>= 63
    r1 &= -8
    r2 = r10
    r2 += -8
    r2 += r1
    *(u64 *)(r2 +0) = 1
    r0 = 0
    exit
