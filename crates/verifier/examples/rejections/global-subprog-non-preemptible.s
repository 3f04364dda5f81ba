; A global function is called while preemption is disabled.
; kernel: 6.12
; type: sched_cls
; func main: int (ctx ptr:__sk_buff)
; func g: global int ()
; rejected EINVAL: use static function instead
    kcall bpf_preempt_disable
    call g
    kcall bpf_preempt_enable
    r0 = 0
    exit
g:  r0 = 0
    exit
