//! `bpf(2)`: the only unsafe code of this crate.
//!
//! Each wrapper takes and returns plain values, keeps the memory alive that the kernel is told of, and can be called
//! with anything. Attributes are `repr(C)` heads of `union bpf_attr` up to the last field that is used: kernels take
//! longer ones than they know as long as the rest is zero.
#![expect(unsafe_code, reason = "bpf(2) has no safe wrapper")]

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

const MAP_CREATE: libc::c_int = 0;
const MAP_UPDATE_ELEM: libc::c_int = 2;
const PROG_LOAD: libc::c_int = 5;
const BTF_LOAD: libc::c_int = 18;
const MAP_FREEZE: libc::c_int = 22;

/// How often a load that a signal interrupted is tried: libbpf's number.
const ATTEMPTS: usize = 5;

/// Head of `union bpf_attr` for `BPF_MAP_CREATE`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct MapCreate {
    pub(crate) map_type: u32,
    pub(crate) key_size: u32,
    pub(crate) value_size: u32,
    pub(crate) max_entries: u32,
    pub(crate) map_flags: u32,
    pub(crate) inner_map_fd: u32,
    pub(crate) numa_node: u32,
    pub(crate) map_name: [u8; 16],
    pub(crate) map_ifindex: u32,
    pub(crate) btf_fd: u32,
    pub(crate) btf_key_type_id: u32,
    pub(crate) btf_value_type_id: u32,
    pub(crate) btf_vmlinux_value_type_id: u32,
    pub(crate) map_extra: u64,
}

/// Head of `union bpf_attr` for `BPF_BTF_LOAD`.
#[repr(C)]
#[derive(Default)]
struct BtfLoad {
    btf: u64,
    log_buf: u64,
    size: u32,
    log_size: u32,
    log_level: u32,
    log_true_size: u32,
}

/// Head of `union bpf_attr` for `BPF_MAP_UPDATE_ELEM` and `BPF_MAP_FREEZE`.
#[repr(C)]
#[derive(Default)]
struct MapElem {
    map_fd: u32,
    zero: u32,
    key: u64,
    value: u64,
    flags: u64,
}

/// Head of `union bpf_attr` for `BPF_PROG_LOAD`.
#[repr(C)]
#[derive(Default)]
struct ProgLoad {
    prog_type: u32,
    insn_cnt: u32,
    insns: u64,
    license: u64,
    log_level: u32,
    log_size: u32,
    log_buf: u64,
    kern_version: u32,
    prog_flags: u32,
    prog_name: [u8; 16],
    prog_ifindex: u32,
    expected_attach_type: u32,
    prog_btf_fd: u32,
    func_info_rec_size: u32,
    func_info: u64,
    func_info_cnt: u32,
    line_info_rec_size: u32,
    line_info: u64,
    line_info_cnt: u32,
    attach_btf_id: u32,
    attach_btf_obj_fd: u32,
    core_relo_cnt: u32,
    fd_array: u64,
    core_relos: u64,
    core_relo_rec_size: u32,
    log_true_size: u32,
}

/// What a program is loaded with. Slices hold whole records.
#[derive(Clone, Debug, Default)]
pub(crate) struct LoadArgs<'a> {
    pub(crate) prog_type: u32,
    /// Encoded slots.
    pub(crate) insns: &'a [[u8; 8]],
    /// Ends with a zero byte.
    pub(crate) license: &'a [u8],
    pub(crate) kern_version: u32,
    pub(crate) flags: u32,
    pub(crate) name: [u8; 16],
    pub(crate) expected_attach_type: u32,
    pub(crate) btf: Option<BorrowedFd<'a>>,
    pub(crate) funcs: &'a [[u32; 2]],
    pub(crate) lines: &'a [[u32; 4]],
    pub(crate) attach_btf_id: u32,
    pub(crate) fd_array: &'a [i32],
}

fn bpf<T>(command: libc::c_int, attr: &mut T) -> io::Result<libc::c_long> {
    // SAFETY: `attr` is a `repr(C)` head of `union bpf_attr` of the length given, without padding; the pointers in it designate memory that the callers below keep alive through this
    // call, with the lengths beside them.
    let answer =
        unsafe { libc::syscall(libc::SYS_bpf, command, std::ptr::from_mut(attr), size_of::<T>()) };
    if answer < 0 { Err(io::Error::last_os_error()) } else { Ok(answer) }
}

fn owned(fd: libc::c_long) -> OwnedFd {
    // SAFETY: the kernel has just returned this descriptor, and nothing else owns it.
    unsafe { OwnedFd::from_raw_fd(fd as i32) }
}

fn addr<T>(slice: &[T]) -> u64 {
    slice.as_ptr() as u64
}

/// Loads BTF; what the kernel has to say goes to `log`, if that is not empty.
pub(crate) fn btf_load(bytes: &[u8], log: &mut [u8]) -> io::Result<OwnedFd> {
    let is_logged = !log.is_empty();
    let mut attr = BtfLoad {
        btf: addr(bytes),
        size: bytes.len() as u32,
        log_buf: if is_logged { log.as_mut_ptr() as u64 } else { 0 },
        log_size: log.len() as u32,
        log_level: u32::from(is_logged),
        log_true_size: 0,
    };
    bpf(BTF_LOAD, &mut attr).map(owned)
}

/// Creates a map.
pub(crate) fn map_create(attr: &MapCreate) -> io::Result<OwnedFd> {
    bpf(MAP_CREATE, &mut { *attr }).map(owned)
}

/// Sets an element. The caller vouches for the lengths, which the kernel takes from the map: at least that of its
/// keys and, for maps with values per CPU, that of all CPUs.
pub(crate) fn map_update(map: BorrowedFd<'_>, key: &[u8], value: &[u8]) -> io::Result<()> {
    let map_fd = map.as_raw_fd() as u32;
    let mut attr = MapElem { map_fd, key: addr(key), value: addr(value), ..MapElem::default() };
    bpf(MAP_UPDATE_ELEM, &mut attr).map(drop)
}

/// Makes a map read-only for user space, which is when its values become constants to the verifier.
pub(crate) fn map_freeze(map: BorrowedFd<'_>) -> io::Result<()> {
    let mut attr = MapElem { map_fd: map.as_raw_fd() as u32, ..MapElem::default() };
    bpf(MAP_FREEZE, &mut attr).map(drop)
}

/// Loads a program. Returns the kernel's answer, and the log's length that it asks for (0 before Linux 6.4).
pub(crate) fn prog_load(
    args: &LoadArgs<'_>,
    log_level: u32,
    log: &mut [u8],
) -> (io::Result<OwnedFd>, u32) {
    let is_logged = log_level != 0 && !log.is_empty();
    let mut answer = Err(io::Error::from_raw_os_error(libc::EAGAIN));
    let mut log_true_size = 0;
    for _ in 0..ATTEMPTS {
        let mut attr = ProgLoad {
            prog_type: args.prog_type,
            insn_cnt: args.insns.len() as u32,
            insns: addr(args.insns),
            license: addr(args.license),
            log_level: if is_logged { log_level } else { 0 },
            log_size: if is_logged { log.len() as u32 } else { 0 },
            log_buf: if is_logged { log.as_mut_ptr() as u64 } else { 0 },
            kern_version: args.kern_version,
            prog_flags: args.flags,
            prog_name: args.name,
            expected_attach_type: args.expected_attach_type,
            prog_btf_fd: args.btf.map_or(0, |fd| fd.as_raw_fd() as u32),
            func_info_rec_size: if args.funcs.is_empty() { 0 } else { 8 },
            func_info: if args.funcs.is_empty() { 0 } else { addr(args.funcs) },
            func_info_cnt: args.funcs.len() as u32,
            line_info_rec_size: if args.lines.is_empty() { 0 } else { 16 },
            line_info: if args.lines.is_empty() { 0 } else { addr(args.lines) },
            line_info_cnt: args.lines.len() as u32,
            attach_btf_id: args.attach_btf_id,
            fd_array: if args.fd_array.is_empty() { 0 } else { addr(args.fd_array) },
            ..ProgLoad::default()
        };
        answer = bpf(PROG_LOAD, &mut attr).map(owned);
        log_true_size = attr.log_true_size;
        let interrupted = |e: &io::Error| e.raw_os_error() == Some(libc::EAGAIN);
        if !answer.as_ref().is_err_and(interrupted) {
            break;
        }
    }
    (answer, log_true_size)
}

/// User memory of an arena, mapped as long as this lives: the verifier takes only programs whose arena has an
/// address.
#[derive(Debug)]
pub(crate) struct ArenaMemory {
    start: *mut libc::c_void,
    len: usize,
}

// SAFETY: the mapping is never accessed, only unmapped, which any thread may do.
unsafe impl Send for ArenaMemory {}
// SAFETY: as above: a shared reference permits nothing.
unsafe impl Sync for ArenaMemory {}

impl ArenaMemory {
    /// Maps `len` bytes of an arena where the kernel likes.
    pub(crate) fn map(arena: &OwnedFd, len: usize) -> io::Result<Self> {
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        let fd = arena.as_fd().as_raw_fd();
        // SAFETY: without MAP_FIXED a new mapping replaces none that is in use.
        let start =
            unsafe { libc::mmap(std::ptr::null_mut(), len, protection, libc::MAP_SHARED, fd, 0) };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        Ok(Self { start, len })
    }
}

impl Drop for ArenaMemory {
    fn drop(&mut self) {
        // SAFETY: the range is the one that `map` got, and nothing refers to it.
        unsafe { libc::munmap(self.start, self.len) };
    }
}

/// Number of CPUs that the kernel has room for: what maps with a value per CPU have.
#[must_use]
pub fn possible_cpus() -> u32 {
    let list = std::fs::read_to_string("/sys/devices/system/cpu/possible").unwrap_or_default();
    let last = list.trim().rsplit([',', '-']).next().and_then(|last| last.parse::<u32>().ok());
    last.map_or(1, |last| last.saturating_add(1))
}

/// Lifts the limit of locked memory, which kernels before 5.11 charge maps to. Says nothing when refused: the
/// kernel's own refusal follows.
pub(crate) fn lift_memlock() {
    let limit = libc::rlimit { rlim_cur: libc::RLIM_INFINITY, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: `limit` is a valid value that outlives the call.
    unsafe { libc::setrlimit(libc::RLIMIT_MEMLOCK, &raw const limit) };
}
