; The address of something is taken that is neither a variable nor a function.
; rejected EINVAL: pseudo btf_id 104 in ldimm64 isn't KIND_VAR or KIND_FUNC
    r1 = ksym:task_struct
    r0 = 0
    exit
