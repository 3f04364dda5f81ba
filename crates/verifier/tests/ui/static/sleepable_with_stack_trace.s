; A sleepable program refers to a map of stacks.
; type: syscall
; sleepable
; map m: stack_trace 4 8 16
; rejected EINVAL: Sleepable programs can only use array, hash, ringbuf and local storage maps
    r1 = map[fd:0]
    r0 = 0
    exit
