; The list lies on the stack.
; type: sched_cls
; rejected EINVAL: arg#0 expected pointer to map value or allocated object
    r1 = r10
    r1 += -16
    kcall bpf_list_pop_front
    r0 = 0
    exit
