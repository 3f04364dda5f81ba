//! Calls of helpers and kfuncs: what the prototype says about registers and stack; the catalogue does the rest.

use skep_abi::{Addr, ArgType, DynptrUse, MemAccess, RetType, SizeRule};
use skep_machine::{Kernel, Run, Stop};

use crate::TrapKind;
use crate::code::MadeCall;
use crate::frame::Frame;
use crate::refs::RefId;
use crate::stack::Stack;
use crate::vm::Vm;

/// Bytes of a dynptr.
const DYNPTR_SIZE: u64 = 16;

/// What came of a call.
pub(crate) enum Outcome {
    /// It returned, with a result or without.
    Returned(Option<u64>),
    /// Another program takes the frame over.
    TailCall(skep_abi::ProgId),
    /// The program ends with an exception.
    Throw(u64),
}

/// Makes a call with R1 to R5.
///
/// The calling frame is the innermost of `vm`, so that callbacks find it.
pub(crate) fn make(
    vm: &mut Vm<'_>,
    run: &mut Run<'_>,
    made: MadeCall,
    args: [u64; 5],
) -> Result<Outcome, TrapKind> {
    arguments(&mut vm.stack, run, made.args, args)?;
    let result = (made.run)(&mut Kernel { run, vm }, args);
    match result {
        Ok(_) if matches!(made.ret, RetType::Void) => Ok(Outcome::Returned(None)),
        Ok(r0) => Ok(Outcome::Returned(Some(r0))),
        Err(Stop::Fault(fault)) => Err(fault.into()),
        Err(Stop::TailCall(prog)) => Ok(Outcome::TailCall(prog)),
        Err(Stop::Throw(cookie)) => Ok(Outcome::Throw(cookie)),
    }
}

/// Notes what the result is, for loads through it, and which reference it is.
pub(crate) fn mark_result(frame: &mut Frame, made: &MadeCall, reference: Option<RefId>) {
    match made.ret {
        RetType::BtfPtr { trusted, .. } => frame.btf.returned(trusted, reference),
        RetType::OwnedOrNull => frame.btf.returned(true, reference),
        _ => frame.btf.returned_memory(reference),
    }
}

/// Bytes of a struct of the kernel.
fn struct_size(run: &Run<'_>, strukt: &str) -> u64 {
    let size = |btf: &skep_btf::Btf| btf.size_of(btf.find(strukt, skep_btf::Kind::Struct)?);
    run.machine.btf().and_then(size).unwrap_or(0)
}

/// Holds the stack against the prototype: what is read must have been written, what is filled now counts as written.
fn arguments(
    stack: &mut Stack<'_>,
    run: &Run<'_>,
    types: &[ArgType],
    args: [u64; 5],
) -> Result<(), TrapKind> {
    let mut map = None;
    for (at, ty) in types.iter().enumerate().take(args.len()) {
        let addr = Addr(args[at]);
        let (access, size) = match *ty {
            ArgType::ConstMapPtr => {
                map = Some(run.machine.map_at(addr)?.def());
                continue;
            }
            ArgType::MapKey => (MemAccess::Read, map.map_or(0, |def| def.key_size.into())),
            ArgType::MapValue { uninit, .. } => {
                let access = if uninit { MemAccess::WriteUninit } else { MemAccess::Read };
                (access, map.map_or(0, |def| def.value_size.into()))
            }
            ArgType::Iter { bytes, uninit, .. } => {
                (if uninit { MemAccess::WriteUninit } else { MemAccess::Read }, bytes.into())
            }
            ArgType::Dynptr(DynptrUse::Use | DynptrUse::ReleaseRingbuf) => {
                (MemAccess::Read, DYNPTR_SIZE)
            }
            ArgType::Dynptr(_) => (MemAccess::WriteUninit, DYNPTR_SIZE),
            ArgType::Mem { access, size, .. } => match size {
                SizeRule::Fixed(size) => (access, size.into()),
                // Sizes are u32 in most prototypes; what lies beyond the frame is the call's to refuse.
                SizeRule::NextArg => (access, args.get(at + 1).copied().unwrap_or(0)),
            },
            // Structs of numbers may lie on the stack, where the kernel reads or writes what it needs of them.
            ArgType::BtfPtr { strukt, konst, .. } if stack.contains(addr) => {
                let access = if konst { MemAccess::Read } else { MemAccess::ReadWrite };
                (access, struct_size(run, strukt))
            }
            _ => continue,
        };
        match access {
            MemAccess::Read => {
                stack.settle(addr, size)?;
                stack.check(addr, size)?;
            }
            // The kernel lets privileged programs pass unwritten stack here: the call sees what it wrote itself.
            MemAccess::WriteUninit | MemAccess::ReadWrite => stack.written(addr, size),
        }
    }
    Ok(())
}
