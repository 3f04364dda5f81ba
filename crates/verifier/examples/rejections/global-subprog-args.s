; A number is passed where a pointer to memory is promised.
; type: sched_cls
; func main: int (ctx ptr:__sk_buff)
; func g: global int (p ptr:u64)
; rejected EINVAL: Caller passes invalid args into func#1 ('g')
    r1 = 5
    call g
    r0 = 0
    exit
g:  r0 = 0
    exit
