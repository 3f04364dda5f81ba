; Memory of a map is a mask only where it is long enough.
; type: tracepoint
; map m: array 4 16 1 0
; rejected EACCES: R1 min value is outside of the allowed memory range
    *(u32 *)(r10 -4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:0]
    call bpf_map_lookup_elem#1
    if r0 == 0 goto out
    r7 = r0
    r1 = r7
    r2 = r7
    kcall bpf_cpumask_subset
out:
    r0 = 0
    exit
