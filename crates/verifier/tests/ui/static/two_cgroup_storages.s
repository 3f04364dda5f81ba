; A program refers to two cgroup storages of one kind.
; type: cgroup_skb
; map a: cgroup_storage 16 8 0
; map b: cgroup_storage 16 8 0
; rejected EBUSY: only one cgroup storage of each type is allowed
    r1 = map[fd:0]
    r1 = map[fd:1]
    r0 = 0
    exit
