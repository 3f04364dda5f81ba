; A security program attaches to a hook that is closed to programs.
; type: lsm
; attach: lsm_mac
; target: bpf_lsm_getprocattr
; not asked: the kernel of the tests takes no security programs
; rejected EINVAL: attach_btf_id 14904 points to disabled hook bpf_lsm_getprocattr
    r0 = 0
    exit
