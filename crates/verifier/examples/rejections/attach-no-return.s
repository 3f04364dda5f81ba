; A program for the end of a function attaches to one that never returns.
; type: tracing
; attach: trace_fexit
; target: do_exit
; not asked: the kernel of the tests lets no program attach to functions
; rejected EINVAL: Attaching fexit/fmod_ret to __noreturn function 'do_exit' is rejected.
    r0 = 0
    exit
