//! Programs: `BPF_PROG_*`.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

use super::{Command, addr, addr_mut, bpf, len, number, owned};

/// How often a load that a signal interrupted is tried: libbpf's number.
const ATTEMPTS: usize = 5;

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
    attach_prog_fd: u32,
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
    pub(crate) license: &'a std::ffi::CStr,
    pub(crate) kern_version: u32,
    pub(crate) flags: u32,
    pub(crate) name: [u8; 16],
    pub(crate) expected_attach_type: u32,
    pub(crate) btf: Option<BorrowedFd<'a>>,
    pub(crate) funcs: &'a [[u32; 2]],
    pub(crate) lines: &'a [[u32; 4]],
    pub(crate) attach_btf_id: u32,
    /// The program that an extension replaces a function of.
    pub(crate) attach_prog: Option<BorrowedFd<'a>>,
    pub(crate) fd_array: &'a [i32],
}

/// Loads a program. Returns the kernel's answer, and the log's length that it asks for (0 before Linux 6.4).
///
/// The kernel reads those entries of `fd_array` that insns refer to, also beyond its end: what it finds there it
/// takes for a descriptor or refuses. It writes nothing.
pub(crate) fn load(
    args: &LoadArgs<'_>,
    log_level: u32,
    log: &mut [u8],
) -> (io::Result<OwnedFd>, u32) {
    let is_logged = log_level != 0 && !log.is_empty();
    let mut answer = Err(io::Error::from_raw_os_error(libc::EAGAIN));
    let mut log_true_size = 0;
    let log_size = log.len().min(u32::MAX as usize) as u32;
    for _ in 0..ATTEMPTS {
        let mut attr = ProgLoad {
            prog_type: args.prog_type,
            insn_cnt: args.insns.len() as u32,
            insns: addr(args.insns),
            license: args.license.as_ptr() as u64,
            log_level: if is_logged { log_level } else { 0 },
            log_size: if is_logged { log_size } else { 0 },
            log_buf: if is_logged { addr_mut(log) } else { 0 },
            kern_version: args.kern_version,
            prog_flags: args.flags,
            prog_name: args.name,
            expected_attach_type: args.expected_attach_type,
            prog_btf_fd: args.btf.map_or(0, number),
            func_info_rec_size: if args.funcs.is_empty() { 0 } else { 8 },
            func_info: addr(args.funcs),
            func_info_cnt: args.funcs.len() as u32,
            line_info_rec_size: if args.lines.is_empty() { 0 } else { 16 },
            line_info: addr(args.lines),
            line_info_cnt: args.lines.len() as u32,
            attach_btf_id: args.attach_btf_id,
            attach_prog_fd: args.attach_prog.map_or(0, number),
            fd_array: addr(args.fd_array),
            ..ProgLoad::default()
        };
        answer = bpf(Command::ProgLoad, &mut attr).map(owned);
        log_true_size = attr.log_true_size;
        let interrupted = |e: &io::Error| e.raw_os_error() == Some(libc::EAGAIN);
        if !answer.as_ref().is_err_and(interrupted) {
            break;
        }
    }
    (answer, log_true_size)
}

/// Head of `union bpf_attr` for `BPF_PROG_TEST_RUN`.
#[repr(C)]
#[derive(Default)]
struct TestRun {
    prog_fd: u32,
    retval: u32,
    data_size_in: u32,
    data_size_out: u32,
    data_in: u64,
    data_out: u64,
    repeat: u32,
    duration: u32,
    ctx_size_in: u32,
    ctx_size_out: u32,
    ctx_in: u64,
    ctx_out: u64,
    flags: u32,
    cpu: u32,
    batch_size: u32,
    zero: u32,
}

/// What a program is run on.
#[derive(Debug)]
pub(crate) struct RunArgs<'a> {
    pub(crate) data: &'a [u8],
    pub(crate) data_out: &'a mut [u8],
    /// Programs of type SYSCALL change it in place.
    pub(crate) ctx: &'a mut [u8],
    pub(crate) ctx_out: &'a mut [u8],
    pub(crate) repeat: u32,
    pub(crate) flags: u32,
    pub(crate) cpu: u32,
    pub(crate) batch_size: u32,
}

/// What came of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RunAnswer {
    pub(crate) retval: u32,
    pub(crate) duration: u32,
    pub(crate) data_len: u32,
    pub(crate) ctx_len: u32,
}

/// Runs a program.
pub(crate) fn test_run(program: BorrowedFd<'_>, args: RunArgs<'_>) -> io::Result<RunAnswer> {
    let mut attr = TestRun {
        prog_fd: number(program),
        data_size_in: len(args.data)?,
        data_in: addr(args.data),
        data_size_out: len(args.data_out)?,
        data_out: addr_mut(args.data_out),
        repeat: args.repeat,
        ctx_size_in: len(args.ctx)?,
        ctx_in: addr_mut(args.ctx),
        ctx_size_out: len(args.ctx_out)?,
        ctx_out: addr_mut(args.ctx_out),
        flags: args.flags,
        cpu: args.cpu,
        batch_size: args.batch_size,
        ..TestRun::default()
    };
    bpf(Command::ProgTestRun, &mut attr)?;
    Ok(RunAnswer {
        retval: attr.retval,
        duration: attr.duration,
        data_len: attr.data_size_out,
        ctx_len: attr.ctx_size_out,
    })
}

/// Ties a map's life to a program's.
pub(crate) fn bind_map(program: BorrowedFd<'_>, map: BorrowedFd<'_>) -> io::Result<()> {
    let mut attr = [number(program), number(map), 0];
    bpf(Command::ProgBindMap, &mut attr).map(drop)
}
