; A global function is called under a lock.
; type: sched_cls
; struct val 8: lock bpf_spin_lock 0, x int 4
; map m: array 4 8 1 0 val
; func main: int (ctx ptr:__sk_buff)
; func g: global int ()
; rejected EINVAL: use static function instead
    r1 = map[fd:0][0]+0
    call bpf_spin_lock#93
    call g
    r1 = map[fd:0][0]+0
    call bpf_spin_unlock#94
    r0 = 0
    exit
g:  r0 = 0
    exit
