; no example: an allocated per-CPU object is always of a struct: `bpf_percpu_obj_new` takes no other type
