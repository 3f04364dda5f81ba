; The context is read by a load that acquires.
; rejected EACCES: BPF_ATOMIC loads from R1 ctx is not allowed
    r0 = load_acquire((u32 *)(r1 +0))
    exit
