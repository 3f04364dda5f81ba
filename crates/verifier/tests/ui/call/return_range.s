; A cgroup program may say yes or no.
; type: cgroup_skb
; rejected EINVAL: At program exit the register R0 has smin=2 smax=2 should have been in [0, 1]
; insns: 2
    r0 = 2
    exit
