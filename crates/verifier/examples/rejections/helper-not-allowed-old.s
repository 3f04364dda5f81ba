; A packet is redirected by a program that only looks at packets.
; kernel: 6.1
; rejected EINVAL: unknown func bpf_redirect#23
    r1 = 1
    r2 = 0
    call bpf_redirect#23
    r0 = 0
    exit
