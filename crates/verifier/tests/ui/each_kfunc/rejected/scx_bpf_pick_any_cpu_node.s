; The mask to choose from is checked for null.
; type: perf_event
; kernel: 6.19
; rejected EACCES: Possibly NULL pointer passed to trusted arg0
    kcall bpf_cpumask_create
    r6 = r0
    r1 = r0
    r2 = 0
    r3 = 0
    kcall scx_bpf_pick_any_cpu_node
    if r6 == 0 goto out
    r1 = r6
    kcall bpf_cpumask_release
out:
    r0 = 0
    exit
