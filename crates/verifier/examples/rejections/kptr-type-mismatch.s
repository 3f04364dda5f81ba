; A cpumask is put where tasks go.
; type: tracepoint
; struct val 8: t kptr:task_struct 0
; map m: array 4 8 1 0 val
; rejected EACCES: invalid kptr access, R2 type=ptr_bpf_cpumask expected=ptr_task_struct
    *(u32 *)(r10 -4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:0]
    call bpf_map_lookup_elem#1
    if r0 == 0 goto out
    r6 = r0
    kcall bpf_cpumask_create
    if r0 == 0 goto out
    r1 = r6
    r2 = r0
    call bpf_kptr_xchg#194
out:
    r0 = 0
    exit
