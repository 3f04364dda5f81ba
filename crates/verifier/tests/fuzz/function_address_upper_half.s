; Nobody looks at the upper half of a function's address. The interpreter said: this is no instruction.
; type: cgroup_skb
; func main: int (ctx long)
; func callback: int (a long, b long)
; accepted
    .insn code=0x18 dst=2 src=4 off=0 imm=3
    .insn code=0x00 dst=0 src=0 off=0 imm=128
    r0 = 1
    exit
    r0 = 0
    exit
