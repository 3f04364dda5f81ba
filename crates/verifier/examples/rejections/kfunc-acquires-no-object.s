; This function, which only tests of the kernel's call, acquires a number.
; type: sched_cls
; kernel: 6.1
; rejected EINVAL: acquire kernel function does not return PTR_TO_BTF_ID
    *(u64 *)(r10 -8) = 0
    r1 = r10
    r1 += -8
    kcall bpf_kfunc_call_test_acquire
    if r0 == 0 goto out
    r1 = r0
    r2 = 4
    kcall bpf_kfunc_call_test_acq_rdonly_mem
out:
    r0 = 0
    exit
