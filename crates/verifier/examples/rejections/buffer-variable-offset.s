; A program for a tracepoint with a buffer reads it at an index that is not constant.
; type: raw_tracepoint_writable
; rejected EACCES: R1 invalid variable buffer offset: off=0, var_off=(0x0; 0x7)
    r2 = *(u64 *)(r1 +8)
    r2 &= 7
    r1 = *(u64 *)(r1 +0)
    r1 += r2
    r0 = *(u8 *)(r1 +0)
    r0 = 0
    exit
