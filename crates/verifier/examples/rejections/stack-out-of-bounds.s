; A program writes below the 512 bytes of its stack.
; rejected EACCES: invalid write to stack R10 off=-520 size=8
    *(u64 *)(r10 -520) = 0
    r0 = 0
    exit
