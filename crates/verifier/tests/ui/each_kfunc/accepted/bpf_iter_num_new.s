; Numbers are gone through to their end.
; type: tracepoint
; accepted
    r1 = r10
    r1 += -8
    r2 = 0
    r3 = 4
    kcall bpf_iter_num_new
again:
    r1 = r10
    r1 += -8
    kcall bpf_iter_num_next
    if r0 == 0 goto done
    goto again
done:
    r1 = r10
    r1 += -8
    kcall bpf_iter_num_destroy
    r0 = 0
    exit
