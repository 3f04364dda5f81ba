; Functions of a tracing program with little stack share it; a large frame below them is its own.
; type: perf_event
; accepted
    *(u64 *)(r10 -512) = 0
    call f
    exit
f:  *(u64 *)(r10 -48) = 0
    call g
    exit
g:  *(u64 *)(r10 -48) = 0
    r0 = 0
    exit
