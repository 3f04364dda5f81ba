; A program of a cgroup says neither yes nor no.
; type: cgroup_skb
; attach: cgroup_inet_ingress
; rejected EINVAL: At program exit the register R0 has smin=7 smax=7 should have been in [0, 1]
    r0 = 7
    exit
