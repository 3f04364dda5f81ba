; Any address may be read as plain bytes, far beyond.
; type: tracepoint
; accepted
    r1 = 8
    r2 = 0
    kcall bpf_rdonly_cast
    r0 = *(u64 *)(r0 +4096)
    r0 = 0
    exit
