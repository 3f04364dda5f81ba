; A number is not dereferenced.
; type: perf_event
; kernel: 6.19
; rejected EACCES: R0 invalid mem access 'scalar'
    kcall scx_bpf_nr_cpu_ids
    r0 = *(u32 *)(r0 +0)
    r0 = 0
    exit
