; Functions of a tracing program have stacks of their own from 64 bytes on.
; type: perf_event
; accepted
    *(u64 *)(r10 -512) = 0
    call f
    exit
f:  *(u64 *)(r10 -512) = 0
    r0 = 0
    exit
