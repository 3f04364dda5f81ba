; States of a function are compared only with those that were called from the same place.
; accepted
; insns: 46
    call 7
    r1 = r0
    call f
    r1 = r0
    call f
    exit
f:  r0 = 0
    if r1 > 1 goto a
    r0 = 1
a:  if r1 > 2 goto b
    r0 = 2
b:  if r1 > 3 goto c
    r0 = 3
c:  exit
