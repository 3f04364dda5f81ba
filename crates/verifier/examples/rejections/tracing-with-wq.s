; A tracing program uses a map whose values hold work to be done later.
; type: tracepoint
; struct val 16: w bpf_wq 0
; map m: array 4 16 1 0 val
; rejected EINVAL: tracing progs cannot use bpf_wq yet
    r1 = map[fd:0]
    r0 = 0
    exit
