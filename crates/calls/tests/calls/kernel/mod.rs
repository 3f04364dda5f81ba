//! The catalogue against the running kernel. Where the kernel refuses BPF, or is of a release that was not
//! measured, the tests say so and pass.

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
mod protos;
mod reads;
mod sample;
mod tries;
mod user_page;
mod vector;

use skep_abi::KernelVersion;

/// Releases whose answers were compared, call by call.
const COMPARED: &[KernelVersion] = &[KernelVersion::new(6, 18)];

/// Releases whose tables were measured or read: who may make which call.
const TABLES_KNOWN: &[KernelVersion] = &[
    KernelVersion::new(6, 1),
    KernelVersion::new(6, 12),
    KernelVersion::new(6, 18),
    KernelVersion::new(6, 19),
];

/// The release of the running kernel when it is one of these; else says that the test is skipped.
fn running(known: &[KernelVersion]) -> Option<KernelVersion> {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let version = KernelVersion::from_release(&release).filter(|version| known.contains(version));
    if version.is_none() {
        skep_skip::skipped!("Linux {} was not measured", release.trim_end());
    }
    version
}
