//! The words that verifier, machine, calls, loader and command line share.
//!
//! Values only: nothing here does IO, holds state or decides a verdict.

mod arg;
mod attach_type;
mod call;
mod errno;
mod ids;
mod map_type;
mod mapping;
mod prog_type;
mod proto;
mod recorded_kernel;
mod sample;
mod uapi_enum;
mod version;

pub use arg::{ArgType, DynptrUse, MemAccess, RetType, SizeRule};
pub use attach_type::AttachType;
pub use call::{
    Avail, CallKind, CallSpec, Effect, Grant, KfuncFlags, OlderProto, Permit, Registration,
};
pub use errno::Errno;
pub use ids::{Addr, Cpu, MapId, Node, Pid, ProgId};
pub use map_type::MapType;
pub use mapping::Mapping;
pub use prog_type::ProgType;
pub use proto::{
    Acquires, ArgBase, ArgProto, CallTable, Caller, HelperAnswer, HelperProto, KfuncAnswer,
    KfuncProto, MapAnswer, RetBase, RetBound, RetProto, TypeFlags,
};
pub use recorded_kernel::RecordedKernel;
pub use sample::{
    BranchEntry, CallchainEntry, CounterValue, PERF_CONTEXT_KERNEL, PERF_CONTEXT_USER, Sample,
    UserRegs, UserStack, X86Regs,
};
pub use version::KernelVersion;
