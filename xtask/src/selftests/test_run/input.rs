//! What programs are run on.

use skep_abi::ProgType;
use skep_object::{Resolved, ResolvedProgram};

/// Bytes of a packet: what the selftests' own loader gives.
const PACKET: usize = 64;
/// What a demanded return value that is a pointer is called.
const POINTER_VALUE: &str = "POINTER_VALUE";

/// Input for one program.
#[derive(Clone, Debug, Default)]
pub(crate) struct Input {
    pub(crate) data: Vec<u8>,
    pub(crate) ctx: Vec<u8>,
}

/// Whether the kernel can run programs of this type for a test, and skep's machine too.
pub(crate) fn can_drive(prog_type: ProgType) -> bool {
    takes_packet(prog_type) || matches!(prog_type, ProgType::RawTracepoint | ProgType::Syscall)
}

fn takes_packet(prog_type: ProgType) -> bool {
    use ProgType as P;
    matches!(
        prog_type,
        P::SocketFilter
            | P::SchedCls
            | P::SchedAct
            | P::Xdp
            | P::CgroupSkb
            | P::LwtIn
            | P::LwtOut
            | P::LwtXmit
            | P::LwtSeg6local
            | P::FlowDissector
    )
}

impl Input {
    /// The input of a program: zeroes where the selftest demands a return value, as its loader gives them; else a TCP
    /// segment over IPv4. `ctx` bytes of context for programs that have no packet.
    pub(crate) fn of(prog_type: ProgType, has_retval: bool, ctx: u32) -> Self {
        if !takes_packet(prog_type) {
            return Self { data: Vec::new(), ctx: vec![0; ctx as usize] };
        }
        let data = if has_retval { vec![0; PACKET] } else { segment() };
        Self { data, ctx: Vec::new() }
    }
}

/// A TCP segment from 192.168.1.1:1000 to 192.168.2.2:80, with ten bytes of data.
fn segment() -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0];
    let ip = [
        0x45, 0, 0, 50, 0, 1, 0, 0, 64, 6, 0, 0, 192, 168, 1, 1, 192, 168, 2, 2, //
    ];
    let sum = ip.as_chunks::<2>().0.iter().map(|half| u32::from(u16::from_be_bytes(*half)));
    let sum: u32 = sum.sum();
    let check = !((sum & 0xffff) + (sum >> 16)) as u16;
    frame.extend(ip);
    frame[24..26].copy_from_slice(&check.to_be_bytes());
    frame.extend([3, 232, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 32, 0, 0, 0, 0, 0]);
    frame.extend(b"0123456789");
    frame
}

/// What a selftest says about the return value of a program.
fn retval_tag<'r>(resolved: &'r Resolved, program: &ResolvedProgram) -> Option<&'r str> {
    let func = program.funcs.first()?.ty?;
    let mut tags = resolved.btf.as_ref()?.decl_tags(func, None);
    tags.find_map(|tag| tag.strip_prefix("comment:test_retval="))
}

/// Whether a program is said to return a pointer, which differs from run to run.
pub(crate) fn returns_pointer(resolved: &Resolved, program: &ResolvedProgram) -> bool {
    retval_tag(resolved, program) == Some(POINTER_VALUE)
}

/// The return value that a selftest demands of a program.
pub(crate) fn retval(resolved: &Resolved, program: &ResolvedProgram) -> Option<u32> {
    match retval_tag(resolved, program)? {
        "INT_MIN" => Some(i32::MIN.cast_unsigned()),
        "TEST_DATA_LEN" => Some(PACKET as u32),
        POINTER_VALUE => None,
        text => match text.strip_prefix("0x") {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => text.parse::<i64>().ok().map(|number| number as u32),
        },
    }
}
