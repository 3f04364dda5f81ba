; A function that no path calls goes, and its address with it, unless something may call it later.
; type: socket_filter
; accepted
    r0 = 0
    if r0 == 0 goto out
    r2 = subprog[body]
out:
    exit
body:
    r0 = 0
    exit
