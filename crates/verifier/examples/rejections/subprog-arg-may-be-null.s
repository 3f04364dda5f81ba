; A value that may not be there is passed where the argument is tagged never to be null.
; type: sched_cls
; map m: hash 4 8 1
; func main: int (ctx ptr:__sk_buff)
; func g: global int (p ptr:u64 @arg:nonnull)
; rejected EINVAL: Caller passes invalid args into func#1 ('g')
    *(u32 *)(r10 -4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:0]
    call bpf_map_lookup_elem#1
    r1 = r0
    call g
    r0 = 0
    exit
g:  r0 = 0
    exit
