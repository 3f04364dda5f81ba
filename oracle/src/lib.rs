//! Holds skep's loader against libbpf, on the running kernel.
//!
//! Both fit the same objects to the same kernel; insns, function and line tables, programs and maps have to be
//! equal. libbpf stops short of loading (`bpf_object__prepare`), so that no verdict of the verifier is involved;
//! it creates the maps, which wants privileges.
//!
//! [`load`] goes on to where libbpf ends: both load the same objects, and what libbpf can load skep loads too.

pub mod compare;
pub mod known;
pub mod libbpf;
pub mod load;
pub mod program;
