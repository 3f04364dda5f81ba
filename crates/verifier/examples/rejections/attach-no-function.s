; A program for the entry of a function attaches to a struct.
; type: tracing
; attach: trace_fentry
; target: struct:task_struct
; not asked: the kernel of the tests lets no program attach to functions
; rejected EINVAL: attach_btf_id 104 is not a function
    r0 = 0
    exit
