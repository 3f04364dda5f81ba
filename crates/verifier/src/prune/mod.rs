//! When a path need not be walked further, because a kept state covers it (`kernel/bpf/states.c`).
