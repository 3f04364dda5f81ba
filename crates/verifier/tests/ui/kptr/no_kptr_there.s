; There is no kptr where the pointer points to.
; type: tracepoint
; struct val 32: u untrusted:task_struct 0, t kptr:task_struct 8, x int 16, m kptr:bpf_cpumask 24
; map m: array 4 32 1 0 val
; rejected EACCES: off=16 doesn't point to kptr
    *(u32 *)(r10 -4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:0]
    call bpf_map_lookup_elem#1
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    r1 += 16
    r2 = 0
    call bpf_kptr_xchg#194
out:
    r0 = 0
    exit
