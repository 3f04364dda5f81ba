; Flags are passed to a helper that has none.
; type: cgroup_skb
; attach: cgroup_inet_ingress
; map s: cgroup_storage 16 8 0
; rejected EINVAL: get_local_storage() doesn't support non-zero flags
    r1 = map[fd:0]
    r2 = 1
    call bpf_get_local_storage#81
    r0 = 1
    exit
