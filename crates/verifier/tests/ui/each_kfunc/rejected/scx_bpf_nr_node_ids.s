; Only programs under the GPL may ask.
; type: perf_event
; kernel: 6.19
; license: none
; rejected EINVAL: cannot call kernel function from non-GPL compatible program
    kcall scx_bpf_nr_node_ids
    r0 = 0
    exit
