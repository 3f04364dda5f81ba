; A cpumask is passed to a helper that takes a task.
; type: tracepoint
; rejected EACCES: R1 is of type bpf_cpumask but task_struct is expected
    kcall bpf_cpumask_create
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    call bpf_task_pt_regs#175
    r1 = r6
    kcall bpf_cpumask_release
out:
    r0 = 0
    exit
