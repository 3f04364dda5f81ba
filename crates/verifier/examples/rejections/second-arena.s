; A program uses two arenas.
; type: syscall
; sleepable
; map one: arena 0 0 1 1024
; map two: arena 0 0 1 1024
; rejected EBUSY: Only one arena per program
    r1 = map[fd:0]
    r1 = map[fd:1]
    r0 = 0
    exit
