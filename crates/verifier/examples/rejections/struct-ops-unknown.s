; A program implements an operation of a struct that holds none.
; type: struct_ops
; struct_ops: task_struct#0
; rejected ENOTSUPP: attach_btf_id 104 is not a supported struct
    r0 = 0
    exit
