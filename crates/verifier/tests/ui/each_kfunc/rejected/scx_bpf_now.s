; Programs of kprobes may not read the scheduler's clock.
; type: kprobe
; kernel: 6.19
; rejected EACCES: calling kernel function scx_bpf_now is not allowed
    kcall scx_bpf_now
    r0 = 0
    exit
