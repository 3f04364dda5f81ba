; The context is passed where a number is promised.
; type: sched_cls
; func main: int (ctx ptr:__sk_buff)
; func g: global int (x int)
; rejected EINVAL: Caller passes invalid args into func#1 ('g')
    call g
    r0 = 0
    exit
g:  r0 = 0
    exit
