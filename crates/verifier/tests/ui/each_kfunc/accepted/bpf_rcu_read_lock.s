; Within an RCU section a sleepable program looks at a mask that a map holds.
; type: syscall
; sleepable
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
    kcall bpf_rcu_read_lock
    r1 = *(u64 *)(r7 +0)
    if r1 == 0 goto none
    kcall bpf_cpumask_weight
none:
    kcall bpf_rcu_read_unlock
out:
    r0 = 0
    exit
