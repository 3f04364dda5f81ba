; A mask that is lent is not put into a map.
; type: perf_event
; kernel: 6.19
; struct val 16: m kptr:bpf_cpumask 0, x int 8
; map m: array 4 16 1 0 val
; rejected EACCES: invalid kptr access, R2 type=ptr_cpumask expected=ptr_bpf_cpumask
    *(u32 *)(r10 -4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:0]
    call bpf_map_lookup_elem#1
    if r0 == 0 goto out
    r7 = r0
    kcall scx_bpf_get_idle_cpumask
    r1 = r7
    r2 = r0
    call bpf_kptr_xchg#194
out:
    r0 = 0
    exit
