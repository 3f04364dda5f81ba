; A program uses two maps that keep data for each cgroup.
; type: cgroup_skb
; map one: cgroup_storage 16 8 0
; map two: cgroup_storage 16 8 0
; rejected EBUSY: only one cgroup storage of each type is allowed
    r1 = map[fd:0]
    r1 = map[fd:1]
    r0 = 0
    exit
