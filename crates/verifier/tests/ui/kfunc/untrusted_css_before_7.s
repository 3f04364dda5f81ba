; Before 7.0 a kfunc that asks for no trust still wants an object that may be there.
; type: tracepoint
; kernel: 6.19
; rejected EINVAL: arg#0 is untrusted_ptr_ expected ptr_ or socket
    r1 = 0
    r2 = ktype:cgroup_subsys_state
    kcall bpf_rdonly_cast
    r1 = r0
    r2 = 0
    kcall css_rstat_updated
    r0 = 0
    exit
