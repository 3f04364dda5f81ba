; The stack is passed where the context is promised.
; type: sched_cls
; func main: int (ctx ptr:__sk_buff)
; func g: global int (ctx ptr:__sk_buff)
; rejected EINVAL: Caller passes invalid args into func#1 ('g')
    r1 = r10
    call g
    r0 = 0
    exit
g:  r0 = 0
    exit
