; A program returns a pointer where any number will do.
; type: perf_event
; accepted
; insns: 2
    r0 = r1
    exit
