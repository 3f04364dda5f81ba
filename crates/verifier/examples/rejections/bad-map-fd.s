; A map's file descriptor is not open.
; rejected EBADF: fd 9999 is not pointing to valid bpf_map
    r1 = map[fd:9999]
    r0 = 0
    exit
