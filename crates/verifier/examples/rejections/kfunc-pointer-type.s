; The kernel function takes the text of a path, and is given a kernel object.
; type: cgroup_sock_addr
; attach: cgroup_unix_connect
; rejected EINVAL: kernel function bpf_sock_addr_set_sun_path args#1 pointer type INT unsigned char is not supported
    kcall bpf_cast_to_kern_ctx
    r1 = r0
    r2 = r0
    r3 = 8
    kcall bpf_sock_addr_set_sun_path
    r0 = 1
    exit
