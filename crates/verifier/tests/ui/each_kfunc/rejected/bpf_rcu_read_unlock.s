; What was read within a section is not used after it.
; type: syscall
; sleepable
; struct val 16: m kptr:bpf_cpumask 0, x int 8
; map m: array 4 16 1 0 val
; rejected EINVAL: R1 must be a rcu pointer
    *(u32 *)(r10 -4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:0]
    call bpf_map_lookup_elem#1
    if r0 == 0 goto out
    r7 = r0
    kcall bpf_rcu_read_lock
    r6 = *(u64 *)(r7 +0)
    if r6 == 0 goto none
    kcall bpf_rcu_read_unlock
    r1 = r6
    kcall bpf_cpumask_weight
    goto out
none:
    kcall bpf_rcu_read_unlock
out:
    r0 = 0
    exit
