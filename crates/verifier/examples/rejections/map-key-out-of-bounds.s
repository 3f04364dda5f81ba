; A callback reads beyond the key of a map's element.
; type: sched_cls
; map m: hash 4 8 1
; func main: int (ctx ptr:__sk_buff)
; func each: int (m ptr:void, k ptr:void, v ptr:void, c ptr:void)
; rejected EACCES: R2 min value is outside of the allowed memory range
    r1 = map[fd:0]
    r2 = subprog[each]
    r3 = 0
    r4 = 0
    call bpf_for_each_map_elem#164
    r0 = 0
    exit
each:
    r0 = *(u32 *)(r2 +4)
    r0 = 0
    exit
