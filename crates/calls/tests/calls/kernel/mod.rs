//! The catalogue against the running kernel. Where the kernel refuses BPF, the tests say so and pass.

mod accept;
mod asm;
mod availability;
mod bpf;
mod formats;
mod host;
mod maps;
mod numbers;
mod overflow;
mod pair;
mod reads;
mod sample;
mod user_page;
mod vector;
