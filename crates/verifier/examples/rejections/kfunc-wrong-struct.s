; A CPU mask is released by the function for tasks.
; type: tracepoint
; rejected EINVAL: kernel function bpf_task_release args#0 expected pointer to STRUCT task_struct but R1 has a pointer to STRUCT bpf_cpumask
    kcall bpf_cpumask_create
    if r0 == 0 goto out
    r1 = r0
    kcall bpf_task_release
out:
    r0 = 0
    exit
