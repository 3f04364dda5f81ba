; A map is no mask.
; type: tracepoint
; map m: array 4 16 1 0
; rejected EINVAL: kernel function bpf_cpumask_intersects args#0 expected pointer to STRUCT cpumask but R1 has a pointer to STRUCT bpf_map
    r1 = map[fd:0]
    r2 = r1
    kcall bpf_cpumask_intersects
    r0 = 0
    exit
