; Programs for packets may not ask.
; type: xdp
; kernel: 6.19
; rejected EACCES: calling kernel function scx_bpf_cpuperf_cap is not allowed
    r1 = 0
    kcall scx_bpf_cpuperf_cap
    r0 = 0
    exit
