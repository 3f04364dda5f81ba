//! Two judges of one program: the running kernel, and skep as that kernel.

use std::sync::OnceLock;

use skep_abi::{AttachType, KernelVersion, ProgType};
use skep_btf::{Btf, Kind, TypeId};
use skep_calls::KernelCalls;
use skep_host::{LogBuffer, LogLevel};
use skep_isa::Insn;
use skep_verifier::{Kernel, Options, Program, Verdict, verify};

/// What a program is loaded as.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Loaded {
    pub(crate) prog_type: ProgType,
    pub(crate) attach_type: AttachType,
    pub(crate) attach_btf_id: Option<TypeId>,
    pub(crate) struct_ops_member: Option<u32>,
    pub(crate) sleepable: bool,
}

impl Loaded {
    pub(crate) const fn new(prog_type: ProgType, attach_type: AttachType) -> Self {
        Self {
            prog_type,
            attach_type,
            attach_btf_id: None,
            struct_ops_member: None,
            sleepable: matches!(prog_type, ProgType::Syscall),
        }
    }

    /// Without an attach type.
    pub(crate) const fn plain(prog_type: ProgType) -> Self {
        Self::new(prog_type, AttachType::CgroupInetIngress)
    }

    /// Attached to a type of the kernel's.
    pub(crate) fn to(self, target: TypeId) -> Self {
        Self { attach_btf_id: Some(target), ..self }
    }
}

/// The running kernel's types and release; none where they cannot be read.
pub(crate) fn running() -> Option<&'static (KernelVersion, Btf)> {
    static RUNNING: OnceLock<Option<(KernelVersion, Btf)>> = OnceLock::new();
    RUNNING
        .get_or_init(|| {
            let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").ok()?;
            let bytes = std::fs::read("/sys/kernel/btf/vmlinux").ok()?;
            Some((KernelVersion::from_release(&release)?, Btf::parse(&bytes).ok()?))
        })
        .as_ref()
}

pub(crate) fn find(name: &str, kind: Kind) -> Option<TypeId> {
    running()?.1.find(name, kind)
}

/// The last message of a rejection; none for a program that is accepted.
pub(crate) fn kernel(loaded: &Loaded, insns: &[Insn]) -> Option<String> {
    let mut log = LogBuffer::tail(4096);
    let mut program = skep_host::Program::new(loaded.prog_type, insns);
    program.expected_attach_type = loaded.struct_ops_member.unwrap_or(loaded.attach_type as u32);
    program.attach_btf_id = loaded.attach_btf_id.map_or(0, |id| id.0);
    program.flags = if loaded.sleepable { 1 << 4 } else { 0 };
    let verdict = program.judge_once(LogLevel::PATH, &mut log);
    (!verdict.is_accepted()).then(|| verdict.last_message().to_owned())
}

/// The same of skep.
pub(crate) fn skep(loaded: &Loaded, insns: &[Insn]) -> Option<String> {
    let (version, btf) = running()?;
    let program = Program {
        name: "test",
        prog_type: loaded.prog_type,
        attach_type: loaded.attach_type,
        attach_btf_id: loaded.attach_btf_id,
        struct_ops_member: loaded.struct_ops_member,
        sleepable: loaded.sleepable,
        xdp_frags: false,
        strict_alignment: false,
        gpl_compatible: true,
        insns,
        funcs: &[],
        lines: &[],
        btf: None,
        maps: &[],
    };
    let kernel = Kernel {
        version: *version,
        btf,
        left_out: &|_, _| false,
        config: &|_| None,
        nr_cpus: 256,
        nr_cpu_ids: 2,
        trusts_all_args: None,
        calls: &KernelCalls::OPEN,
    };
    match verify(&program, &kernel, Options::default()).verdict {
        Verdict::Accepted => None,
        Verdict::Rejected(rejection) => Some(rejection.message),
        Verdict::Unsupported(what) => Some(format!("unsupported: {what}")),
        Verdict::Bug(what) => Some(format!("bug: {what}")),
    }
}
