; Masks of idle CPUs are for programs that trace, schedule, or are called by the user.
; type: kprobe
; kernel: 6.19
; rejected EACCES: calling kernel function scx_bpf_get_idle_smtmask_node is not allowed
    r1 = 0
    kcall scx_bpf_get_idle_smtmask_node
    r1 = r0
    kcall scx_bpf_put_idle_cpumask
    r0 = 0
    exit
