; The address of a function that no path runs is taken on a path that runs.
; type: perf_event
; func main: int (ctx long)
; func callback: int (a long, b long)
; accepted
    r2 = subprog[body]
    r0 = 0
    exit
body:
    r0 = 0
    exit
