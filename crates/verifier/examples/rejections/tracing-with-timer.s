; Before Linux 6.19 a tracing program cannot use a map whose values hold a timer.
; type: tracepoint
; struct val 16: t bpf_timer 0
; map m: array 4 16 1 0 val
; rejected EINVAL: tracing progs cannot use bpf_timer yet
    r1 = map[fd:0]
    r0 = 0
    exit
