; A flow dissector reads beyond its keys.
; type: flow_dissector
; rejected EACCES: invalid access to flow keys off=56 size=4
    r2 = *(u64 *)(r1 +144)
    r0 = *(u32 *)(r2 +56)
    exit
