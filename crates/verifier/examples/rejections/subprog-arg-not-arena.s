; The stack is passed where memory of an arena is promised.
; type: sched_cls
; map a: arena 0 0 1 1024
; func main: int (ctx ptr:__sk_buff)
; func g: global int (p ptr:u64 @arg:arena)
; rejected EINVAL: Caller passes invalid args into func#1 ('g')
    r1 = r10
    call g
    r0 = 0
    exit
g:  r0 = 0
    exit
