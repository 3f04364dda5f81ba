; More of a report is asked for than 32 bits can count.
; type: struct_ops
; struct_ops: hid_bpf_ops.hid_device_event
; not asked: it takes a kernel with HID programs
; rejected EINVAL: R3 rdonly/rdwr_buf_size exceeds u32 max
    r1 = *(u64 *)(r1 +0)
    r2 = 0
    r3 = 0x100000000
    kcall hid_bpf_get_data
    r0 = 0
    exit
