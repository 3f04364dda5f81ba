; A security program has no GPL-compatible licence.
; type: lsm
; attach: lsm_mac
; target: bpf_lsm_file_open
; license: none
; not asked: the kernel of the tests takes no security programs
; rejected EINVAL: LSM programs must have a GPL compatible license
    r0 = 0
    exit
