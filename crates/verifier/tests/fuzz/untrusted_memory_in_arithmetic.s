; Found by verdict-fuzz (false-reject), 1 times: seed 20261130001, program 3934286. skep said: pointer-bitwise: R8 bitwise operator |= on pointer prohibited.
; type: kprobe
; no btf
; accepted
    call bpf_get_current_task_btf#158
    r1 = r0
    r1 = *(u64 *)(r1 +koff:task_struct.set_child_tid)
    r8 = 0
    r8 |= r1
    r1 ^= r8
    r0 = r8
    exit
