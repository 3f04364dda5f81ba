; Each of 8193 branches leaves a path to be walked later.
; type: sched_cls
; rejected EFAULT: The sequence of 8193 jumps is too complex.
    call bpf_get_prandom_u32#7
    repeat 8193: if r0 == $ goto out
out:
    r0 = 0
    exit
