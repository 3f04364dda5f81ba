; What a mask in a map gives up is released.
; type: tracepoint
; struct val 16: m kptr:bpf_cpumask 0, x int 8
; map m: array 4 16 1 0 val
; accepted
    *(u32 *)(r10 -4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:0]
    call bpf_map_lookup_elem#1
    if r0 == 0 goto out
    r7 = r0
    r1 = r7
    r2 = 0
    call bpf_kptr_xchg#194
    if r0 == 0 goto out
    r1 = r0
    kcall bpf_cpumask_release
out:
    r0 = 0
    exit
