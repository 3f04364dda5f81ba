; The size of the report to look at is only known when the program runs.
; type: struct_ops
; struct_ops: hid_bpf_ops.hid_device_event
; not asked: it takes a kernel with HID programs
; rejected EINVAL: R3 is not a const
    r6 = *(u64 *)(r1 +0)
    call bpf_get_prandom_u32#7
    r1 = r6
    r2 = 0
    r3 = r0
    kcall hid_bpf_get_data
    r0 = 0
    exit
