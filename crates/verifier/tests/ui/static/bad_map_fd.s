; A map's number is none.
; rejected EPROTO: fd_idx without fd_array is invalid
    r1 = map[idx:3]
    r0 = 0
    exit
