; A map is named by its place in a list that was not passed.
; rejected EPROTO: fd_idx without fd_array is invalid
    r1 = map[idx:3]
    r0 = 0
    exit
