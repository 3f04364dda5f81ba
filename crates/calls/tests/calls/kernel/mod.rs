//! The catalogue against the running kernel. Where the kernel refuses BPF, the tests say so and pass.

mod accept;
mod asm;
mod availability;
mod bpf;
mod differential;
mod host;
mod overflow;
mod sample;
mod vector;
