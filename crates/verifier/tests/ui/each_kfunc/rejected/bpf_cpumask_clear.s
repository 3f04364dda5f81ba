; A mask is emptied from its start.
; type: tracepoint
; rejected EINVAL: kernel function bpf_cpumask_clear args#0 expected pointer to STRUCT bpf_cpumask but R1 has a pointer to STRUCT bpf_cpumask
    kcall bpf_cpumask_create
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    r1 += 8
    kcall bpf_cpumask_clear
    r1 = r6
    kcall bpf_cpumask_release
out:
    r0 = 0
    exit
