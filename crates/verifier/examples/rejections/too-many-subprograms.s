; A program has 257 functions: itself and 256 that it calls.
; rejected E2BIG: too many subprograms
    repeat 256: call f$
    exit
    repeat 256: f$: exit
