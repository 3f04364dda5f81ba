; The pointer passed is to the number beside the kptr.
; type: tracepoint
; struct val 16: x u64 0, m kptr:bpf_cpumask 8
; map m: array 4 16 1 0 val
; rejected EACCES: off=0 doesn't point to kptr
    *(u32 *)(r10 -4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:0]
    call bpf_map_lookup_elem#1
    if r0 == 0 goto out
    r1 = r0
    r2 = 0
    call bpf_kptr_xchg#194
out:
    r0 = 0
    exit
