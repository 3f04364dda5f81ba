; The map's values have no type, so that nobody knows of a kptr in them.
; type: tracepoint
; map m: array 4 8 1
; rejected EINVAL: map 'm' has to have BTF in order to use bpf_kptr_xchg
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
