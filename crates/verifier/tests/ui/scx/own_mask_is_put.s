; A mask that the program made is not one that was lent.
; type: perf_event
; kernel: 6.19
; rejected EINVAL: kernel function scx_bpf_put_idle_cpumask args#0 expected pointer to STRUCT cpumask but R1 has a pointer to STRUCT bpf_cpumask
    kcall bpf_cpumask_create
    if r0 == 0 goto out
    r1 = r0
    kcall scx_bpf_put_idle_cpumask
out:
    r0 = 0
    exit
