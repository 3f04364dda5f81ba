; A CPU is put into a mask in one step.
; type: tracepoint
; accepted
    kcall bpf_cpumask_create
    if r0 == 0 goto out
    r6 = r0
    call bpf_get_smp_processor_id#8
    r1 = r0
    r2 = r6
    kcall bpf_cpumask_test_and_set_cpu
    r1 = r6
    kcall bpf_cpumask_release
out:
    r0 = 0
    exit
