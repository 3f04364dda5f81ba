; A pointer is no answer.
; type: cgroup_skb
; map m: hash 4 8 16
; rejected EINVAL: At program exit the register R0 is not a known value (map_ptr)
; insns: 2
    r0 = map[fd:0]
    exit
