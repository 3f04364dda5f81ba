; A perf_event program is entered through no function, so that there is no address of one.
; type: perf_event
; rejected ENOTSUPP: func bpf_get_func_ip#173 not supported for program type 7
    call bpf_get_func_ip#173
    r0 = 0
    exit
