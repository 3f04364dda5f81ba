; An allocated object is put into a map before anybody looked whether it was allocated.
; type: tracepoint
; struct bee 8: d u64 0
; struct val 8: n kptr:bee 0
; map m: array 4 8 1 0 val
; rejected EFAULT: verifier bug: invalid PTR_TO_BTF_ID register for type match
    *(u32 *)(r10 -4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:0]
    call bpf_map_lookup_elem#1
    if r0 == 0 goto out
    r6 = r0
    r1 = type:bee
    r2 = 0
    kcall bpf_obj_new_impl
    r1 = r6
    r2 = r0
    call bpf_kptr_xchg#194
out:
    r0 = 0
    exit
