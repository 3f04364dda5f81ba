; The result may be anything.
; type: cgroup_sock
; attach: cgroup_inet_sock_create
; rejected EINVAL: At program exit the register R0 has unknown scalar value should have been in [0, 1]
; insns: 2
    call bpf_get_prandom_u32#7
    exit
