; A program of a cgroup answers with the address of a map's value.
; type: cgroup_skb
; attach: cgroup_inet_ingress
; map m: array 4 8 1
; rejected EINVAL: At program exit the register R0 is not a known value (map_value)
    r0 = map[fd:0][0]+0
    exit
