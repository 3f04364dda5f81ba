; The field only remembers a task, and holds no reference to it.
; type: tracepoint
; struct val 8: t untrusted:task_struct 0
; map m: array 4 8 1 0 val
; rejected EACCES: off=0 kptr isn't referenced kptr
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
