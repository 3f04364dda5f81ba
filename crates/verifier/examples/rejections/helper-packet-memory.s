; A program that is attached to a cgroup hands packet bytes to a helper.
; type: sched_cls
; map rb: ringbuf 0 0 4096
; rejected EACCES: helper access to the packet is not allowed
    r2 = *(u32 *)(r1 +76)
    r3 = *(u32 *)(r1 +80)
    r0 = r2
    r0 += 8
    if r0 > r3 goto out
    r1 = r2
    r2 = 8
    call bpf_trace_printk#6
out:
    r0 = 0
    exit
