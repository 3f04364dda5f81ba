; Programs that user space calls may ask too.
; type: syscall
; kernel: 6.19
; sleepable
; accepted
    r1 = 0
    kcall scx_bpf_get_idle_smtmask_node
    r1 = r0
    kcall scx_bpf_put_idle_cpumask
    r0 = 0
    exit
