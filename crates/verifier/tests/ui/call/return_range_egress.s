; Egress programs have two more answers.
; type: cgroup_skb
; attach: cgroup_inet_egress
; accepted
; insns: 2
    r0 = 3
    exit
