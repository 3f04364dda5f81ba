; Before Linux 6.4 only the addresses of variables can be loaded.
; kernel: 6.1
; rejected EINVAL: pseudo btf_id 5390 in ldimm64 isn't KIND_VAR.
    r1 = ksym:vfs_read
    r0 = 0
    exit
