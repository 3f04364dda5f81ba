; A mask is put into a map before anybody looked whether it was made.
; type: tracepoint
; struct val 8: m kptr:bpf_cpumask 0
; map m: array 4 8 1 0 val
; rejected EACCES: Possibly NULL pointer passed to helper arg2
    *(u32 *)(r10 -4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:0]
    call bpf_map_lookup_elem#1
    if r0 == 0 goto out
    r6 = r0
    kcall bpf_cpumask_create
    r1 = r6
    r2 = r0
    call bpf_kptr_xchg#194
out:
    r0 = 0
    exit
