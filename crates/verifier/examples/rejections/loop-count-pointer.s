; The stack is passed as the number of rounds.
; rejected EFAULT: verifier bug: backtracking misuse
    r1 = r10
    r2 = subprog[body]
    r3 = 0
    r4 = 0
    call bpf_loop#181
    r0 = 0
    exit
body:
    r0 = 0
    exit
