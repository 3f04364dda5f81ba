; Found by verdict-fuzz (false-reject), 1 times: seed 20261130001, program 4413500. skep said: div-by-zero: div by zero.
; type: raw_tracepoint
; map ringbuf: ringbuf 0 0 4096
; no btf
; accepted
    r6 = r1
    r1 = map[fd:0]
    r2 = 0
    r3 = 1
    r4 = r10
    r4 += -72
    call bpf_ringbuf_reserve_dynptr#198
    r1 = r10
    r1 += -72
    r2 = 1
    call bpf_ringbuf_discard_dynptr#200
    r7 = *(u64 *)(r6 +16)
    w7 = (s16)w7
    w7 s>>= 16
    r7 &= 1
    if w7 < w7 goto l19
    call bpf_get_prandom_u32#7
    exit
l19:
    r5 = *(u64 *)(r6 +40)
    w5 /= 0
    exit
