; The target of a jump is an int, and wraps like one. skep said: jump out of range from insn 8 to 2147483656.
; type: tracing
; attach: trace_raw_tp
; target: typedef:btf_trace_task_newtask
; no btf
; rejected EINVAL: jump out of range from insn 8 to -2147483640
    r6 = r1
    *(u64 *)(r10 -64) = -511
    call bpf_get_prandom_u32#7
    r9 = r0
    r7 = load_acquire((u64 *)(r10 -64))
    if r9 == 0x3 goto l6
l6:
    call bpf_get_smp_processor_id#8
    r7 = (s16)r7
    .insn code=0x06 dst=7 src=0 off=0 imm=2147483647
    r7 = r7
    r0 = 1
    exit
