; An exception makes its cookie the result.
; type: cgroup_skb
; attach: cgroup_inet_egress
; rejected EINVAL: At program exit the register R1 has smin=7 smax=7 should have been in [0, 3]
    r1 = 7
    kcall bpf_throw
    r0 = 0
    exit
