; A program asks for a packet's timestamp without being bound to a device.
; type: xdp
; rejected EINVAL: metadata kfuncs require device-bound program
    r2 = r10
    r2 += -8
    kcall bpf_xdp_metadata_rx_timestamp
    r0 = 0
    exit
