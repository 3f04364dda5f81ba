; Few helpers of sleepable programs are ones that sleep: these walk stacks, load types and close files wherever a program
; is. skep said: sleepable helper bpf_get_task_stack#141 in non-preemptible region.
; type: syscall
; sleepable
; accepted
    kcall bpf_preempt_disable
    call bpf_get_current_task_btf#158
    r1 = r0
    r2 = r10
    r2 += -64
    *(u64 *)(r10 -64) = 0
    r3 = 8
    r4 = 0
    call bpf_get_task_stack#141
    r1 = r10
    r1 += -64
    r2 = 8
    r3 = 4
    r4 = 0
    call bpf_btf_find_by_name_kind#167
    r1 = -1
    call bpf_sys_close#168
    kcall bpf_preempt_enable
    r0 = 0
    exit
