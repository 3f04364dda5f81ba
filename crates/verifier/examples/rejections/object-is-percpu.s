; A kernel variable of which each CPU has one is read without saying whose.
; type: tracepoint
; config: CONFIG_KALLSYMS_ALL=y
; rejected EACCES: R1 is ptr_rq access percpu memory: off=0
    r1 = ksym:runqueues
    r0 = *(u32 *)(r1 +0)
    r0 = 0
    exit
