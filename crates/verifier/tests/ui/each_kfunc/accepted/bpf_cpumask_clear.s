; All CPUs are taken out of a mask that a map holds.
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
    r6 = *(u64 *)(r0 +0)
    if r6 == 0 goto out
    r1 = r6
    kcall bpf_cpumask_clear
out:
    r0 = 0
    exit
