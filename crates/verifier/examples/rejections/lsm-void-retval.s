; The hook that runs when a socket is freed has no result.
; type: lsm
; attach: lsm_cgroup
; target: bpf_lsm_sk_free_security
; not asked: a kernel may be told to load no LSM programs
; rejected EINVAL: BPF_LSM_CGROUP that attach to void LSM hooks can't modify return value!
    r1 = 0
    call bpf_set_retval#187
    r0 = 1
    exit
