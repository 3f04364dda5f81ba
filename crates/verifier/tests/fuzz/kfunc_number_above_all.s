; The number of a kfunc is told without a sign. skep said: kernel btf_id -109 is not a function.
; type: syscall
; sleepable
; rejected EINVAL: kernel btf_id 4294967187 is not a function
    call kernel-function#-109
    exit
