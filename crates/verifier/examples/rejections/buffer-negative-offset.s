; A program for a tracepoint with a buffer reads before the buffer.
; type: raw_tracepoint_writable
; rejected EACCES: R1 invalid tracepoint buffer access: off=-4, size=4
    r1 = *(u64 *)(r1 +0)
    r0 = *(u32 *)(r1 -4)
    r0 = 0
    exit
