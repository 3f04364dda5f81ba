; A loop that ends is walked to its end.
; accepted
    r1 = 0
loop: r1 += 1
    if r1 < 10 goto loop
    r0 = 0
    exit
