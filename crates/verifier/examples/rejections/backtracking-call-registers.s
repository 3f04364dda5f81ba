; A loop in which a register that a call overwrites is compared with one that may be null.
; type: tracing
; attach: trace_raw_tp
; target: typedef:btf_trace_task_newtask
; map array: array 4 48 8
; no btf
; rejected EFAULT: verifier bug: backtracking call unexpected regs 204
    *(u16 *)(r10 -98) = 5
    r1 = r10
    r1 += -8
    r2 = 1
    r3 = 0
    kcall bpf_iter_num_new
l6:
    r1 = r10
    r1 += -8
    kcall bpf_iter_num_next
    if r0 == 0x0 goto l33
    *(u64 *)(r10 -16) = 1
    r1 = map[fd:0]
    r2 = r10
    r2 += -16
    call bpf_map_lookup_elem#1
    r8 = r0
    if r8 == 0x0 goto l26
    r9 = *(u64 *)(r8 +32)
    r1 = r10
    r1 += -48
    r2 = 0
    r3 = 1
    call bpf_probe_read_user#112
    r2 = *(u32 *)(r8 +28)
    *(u16 *)(r8 +44) = r9
l26:
    r5 = 0
    if w5 > w8 goto l31
    lock *(u64 *)(r10 -16) += r5
    if r5 <= 0x7 goto l30
l30:
    goto l32
l31:
    *(u64 *)(r10 -80) = 1
l32:
    goto l6
l33:
    r1 = r10
    r1 += -8
    kcall bpf_iter_num_destroy
    r0 = 1
    exit
