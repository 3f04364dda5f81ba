; No kfunc takes an untrusted object.
; type: tracepoint
; kernel: 7.2
; rejected EINVAL: R1 must be referenced or trusted
    r1 = 0
    r2 = ktype:cgroup_subsys_state
    kcall bpf_rdonly_cast
    r1 = r0
    r2 = 0
    kcall css_rstat_updated
    r0 = 0
    exit
