; A global function that copies user memory is called within an RCU section.
; type: syscall
; sleepable
; func main: int (ctx ptr:void)
; func g: global int ()
; rejected EINVAL: a non-sleepable BPF program context
    kcall bpf_rcu_read_lock
    call g
    kcall bpf_rcu_read_unlock
    r0 = 0
    exit
g:
    r1 = r10
    r1 += -8
    r2 = 8
    r3 = 0
    call bpf_copy_from_user#148
    r0 = 0
    exit
