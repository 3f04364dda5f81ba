; Linux 6.1 takes the size of returned memory from an argument alone.
; type: sched_cls
; kernel: 6.1
; rejected EINVAL: kernel function bpf_kfunc_call_test_get_rdonly_mem returns pointer type INT int is not supported
    *(u64 *)(r10 -8) = 0
    r1 = r10
    r1 += -8
    kcall bpf_kfunc_call_test_acquire
    if r0 == 0 goto out
    r1 = r0
    r2 = 0
    kcall bpf_kfunc_call_test_get_rdonly_mem
out:
    r0 = 0
    exit
