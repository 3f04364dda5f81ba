; Which of two kptrs is exchanged is only known when the program runs.
; type: tracepoint
; struct val 16: a kptr:bpf_cpumask 0, b kptr:bpf_cpumask 8
; map m: array 4 16 1 0 val
; rejected EINVAL: R1 doesn't have constant offset. kptr has to be at the constant offset
    *(u32 *)(r10 -4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:0]
    call bpf_map_lookup_elem#1
    if r0 == 0 goto out
    r6 = r0
    call bpf_get_prandom_u32#7
    r0 &= 1
    r0 <<= 3
    r6 += r0
    r1 = r6
    r2 = 0
    call bpf_kptr_xchg#194
out:
    r0 = 0
    exit
