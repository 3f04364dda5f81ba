; Found by verdict-fuzz: what is learnt of a copy taken before le64 holds after it, so that a test of its bits is decided.
; type: tracepoint
; no btf
; accepted
    r6 = r1
    r1 = 0
    kcall bpf_task_from_pid
    r9 = r0
    if r9 == 0x0 goto l14
    r7 = *(u32 *)(r6 +8)
    r7 = -r7
    r3 = r7
    r7 = le64 r7
    if r3 s>= 0xffffffec goto l12
    if r7 & 0xe0000001 goto l12
    w7 ^= w9
l12:
    r1 = r9
    kcall bpf_task_release
l14:
    r0 = 0
    exit
