//! What the tests have in common: whether the kernel may be asked, small programs and maps, something to sample.

use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use skep_abi::{Errno, MapType, ProgType};
use skep_host::{LoadedProgram, LogBuffer, Map, MapAttr, PerfEventAttr, Program, Verdict};
use skep_isa::assemble;
use skep_object::{KernelProfile, ObjectSpec, Resolved};

/// Whether the kernel takes programs from this process.
pub(crate) fn may_ask() -> bool {
    let insns = assemble("r0 = 0\nexit").unwrap();
    let verdict = Program::new(ProgType::PerfEvent, &insns).judge(&mut LogBuffer::whole());
    let may = verdict.errno != Some(Errno::EPERM) && verdict.errno != Some(Errno::ENOSYS);
    if !may {
        skep_skip::skipped!("bpf(2) is refused here: run as root");
    }
    may
}

/// Loads a program that refers to maps by index.
pub(crate) fn load(
    prog_type: ProgType,
    text: &str,
    maps: &[&Map],
) -> Result<LoadedProgram, Verdict> {
    let insns = assemble(text).unwrap();
    let mut program = Program::new(prog_type, &insns);
    program.name = "tested";
    program.with_fds(maps.iter().map(|map| map.as_fd())).install()
}

pub(crate) fn map(kind: MapType, key: u32, value: u32, entries: u32) -> Map {
    flagged(kind, key, value, entries, 0)
}

pub(crate) fn flagged(kind: MapType, key: u32, value: u32, entries: u32, flags: u32) -> Map {
    let attr = MapAttr {
        name: "tested",
        kind,
        key_size: key,
        value_size: value,
        max_entries: entries,
        flags,
        extra: 0,
        kernel_value: 0,
        types: None,
        inner: None,
    };
    Map::create(&attr).unwrap()
}

/// A program that counts its runs in the first element of map 0 and returns 1.
pub(crate) const COUNTS: &str =
    "r1 = map[idx:0][0]+0\nr2 = 1\nlock *(u64 *)(r1 +0) += r2\nr0 = 1\nexit";

pub(crate) fn counter() -> Map {
    map(MapType::Array, 4, 8, 1)
}

pub(crate) fn count(map: &Map) -> u64 {
    word(&map.lookup(&[0; 4]).unwrap().unwrap())
}

pub(crate) fn word(bytes: &[u8]) -> u64 {
    u64::from_ne_bytes(bytes.try_into().unwrap())
}

/// cpu-clock, a sample each millisecond of the thread that opens it.
pub(crate) fn cpu_clock() -> PerfEventAttr {
    let mut attr = PerfEventAttr { type_: 1, config: 0, ..PerfEventAttr::default() };
    attr.__bindgen_anon_1.sample_period = 1_000_000;
    attr.set_disabled(1);
    attr
}

/// Keeps the CPU busy until something is so, for a few seconds at most; whether it was.
pub(crate) fn busy_until(mut is_so: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + Duration::from_secs(10);
    while Instant::now() < end {
        let start = Instant::now();
        while start.elapsed() < Duration::from_millis(2) {
            std::hint::black_box(start);
        }
        if is_so() {
            return true;
        }
    }
    false
}

/// Waits until something is so, for a few seconds at most; whether it was. The kernel frees after a grace period.
pub(crate) fn soon(is_so: impl Fn() -> bool) -> bool {
    for _ in 0..200 {
        if is_so() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(25));
    }
    false
}

/// The running kernel's profile, where it shows its types.
pub(crate) fn profile() -> Option<KernelProfile> {
    let profile = skep::profile::running().ok();
    if profile.is_none() {
        skep_skip::skipped!("the kernel shows no types");
    }
    profile
}

/// One of our own objects, fitted to the running kernel.
pub(crate) fn own_object(profile: &KernelProfile, name: &str) -> Resolved {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../programs");
    let bytes = std::fs::read(format!("{folder}/{name}")).unwrap();
    ObjectSpec::parse(name, &bytes).unwrap().resolve(profile).unwrap()
}
