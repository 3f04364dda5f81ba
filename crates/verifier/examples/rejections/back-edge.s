; Before Linux 6.7, a function that calls itself is found before anything is walked.
; kernel: 6.1
; rejected EINVAL: back-edge from insn 3 to 2
    call f
    exit
f:
    r0 = 0
    call f
    exit
