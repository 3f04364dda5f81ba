; A program for the end of a function attaches to one that never returns.
; type: tracing
; attach: trace_fexit
; target: do_exit
; kernel: 6.12
; rejected EINVAL: Attaching fexit/fmod_ret to __noreturn functions is rejected.
    r0 = 0
    exit
