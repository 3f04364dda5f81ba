; A function and its callee together take more than 512 bytes of stack.
; rejected EACCES: combined stack size of 2 calls is 608. Too large
    *(u64 *)(r10 -400) = 0
    call inner
    exit
inner:
    *(u64 *)(r10 -200) = 0
    r0 = 0
    exit
