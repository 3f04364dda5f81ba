; A callback gives up the record that it was only lent.
; type: perf_event
; map u: user_ringbuf 0 0 4096
; rejected EINVAL: cannot release unowned const bpf_dynptr
    r1 = map[fd:0]
    r2 = subprog[each]
    r3 = 0
    r4 = 0
    call bpf_user_ringbuf_drain#209
    r0 = 0
    exit
each:
    r2 = 0
    call bpf_ringbuf_submit_dynptr#199
    r0 = 0
    exit
