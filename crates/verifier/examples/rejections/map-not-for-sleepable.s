; A program that may sleep uses a map that is not made for it.
; type: syscall
; sleepable
; map events: perf_event_array 4 4 1
; rejected EINVAL: Sleepable programs can only use array, hash, ringbuf and local storage maps
    r1 = map[fd:0]
    r0 = 0
    exit
