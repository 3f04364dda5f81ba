//! What programs are run on.

use skep_abi::{AttachType, ProgType};
use skep_object::{MapInit, Resolved, ResolvedProgram};

/// Bytes of a packet: what the selftests' own loader gives.
const PACKET: usize = 64;
/// What a demanded return value that is a pointer is called.
const POINTER_VALUE: &str = "POINTER_VALUE";

/// Objects whose programs watch every new task of the system, and the variable that tells them whose tasks they are
/// for. Those without one touch nothing but their own maps and allocations.
const WATCHERS: &[(&str, Option<&str>)] = &[
    ("cpumask_success", Some("pid")),
    ("exhandler_kern", Some("test_pid")),
    ("nested_trust_success", None),
    ("task_kfunc_success", Some("pid")),
];

/// What one program is run on.
#[derive(Clone, Debug)]
pub(crate) enum Input {
    /// A test run.
    TestRun {
        /// The packet.
        data: Vec<u8>,
        /// The context.
        ctx: Vec<u8>,
    },
    /// A task that this process makes.
    NewTask,
}

/// Whether the kernel can run a program, and skep's machine too.
pub(crate) fn can_drive(object: &str, program: &ResolvedProgram) -> bool {
    let prog_type = program.prog_type;
    takes_packet(prog_type)
        || matches!(prog_type, ProgType::RawTracepoint | ProgType::Syscall)
        || watches_tasks(program) && WATCHERS.iter().any(|(name, _)| *name == object)
}

/// Whether a program is for `tp_btf/task_newtask`.
pub(crate) fn watches_tasks(program: &ResolvedProgram) -> bool {
    program.attach_type == Some(AttachType::TraceRawTp)
        && program.attach_target.as_deref() == Some("task_newtask")
}

/// Tells the programs of an object which process they are for, as the selftest's loader does.
///
/// # Errors
/// When the object has no such variable, so that its programs would do nothing.
pub(crate) fn set_globals(object: &str, resolved: &mut Resolved) -> Result<(), String> {
    let Some((_, pid)) = WATCHERS.iter().find(|(name, _)| *name == object) else { return Ok(()) };
    set(resolved, "nr_cpus", skep_host::possible_cpus());
    match pid {
        Some(pid) if !set(resolved, pid, std::process::id()) => {
            Err(format!("{object} has no variable {pid}"))
        }
        _ => Ok(()),
    }
}

/// Gives a global variable of 4 bytes its first value; tells whether there is one.
fn set(resolved: &mut Resolved, name: &str, number: u32) -> bool {
    for map in &mut resolved.maps {
        let Some(variable) = map.variables.iter().find(|variable| variable.name == name) else {
            continue;
        };
        let mut bytes = match &map.init {
            MapInit::Data(data) => data.to_vec(),
            MapInit::Empty => vec![0; map.value_size as usize],
            _ => return false,
        };
        let at = variable.offset as usize;
        let Some(place) = bytes.get_mut(at..at + 4) else { return false };
        place.copy_from_slice(&number.to_ne_bytes());
        map.init = MapInit::Data(bytes.into());
        return true;
    }
    false
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
    pub(crate) fn of(program: &ResolvedProgram, has_retval: bool, ctx: u32) -> Self {
        if watches_tasks(program) {
            return Self::NewTask;
        }
        if !takes_packet(program.prog_type) {
            return Self::TestRun { data: Vec::new(), ctx: vec![0; ctx as usize] };
        }
        let data = if has_retval { vec![0; PACKET] } else { segment() };
        Self::TestRun { data, ctx: Vec::new() }
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
