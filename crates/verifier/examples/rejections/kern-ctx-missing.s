; The context of a tracepoint is what the event recorded; the kernel has no struct for it.
; type: tracepoint
; not asked: each kernel has its own number for the type
; rejected EINVAL: kern ctx type id 37 is not a struct
    kcall bpf_cast_to_kern_ctx
    r0 = 0
    exit
