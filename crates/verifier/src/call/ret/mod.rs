//! What programs and callbacks may return (`check_return_code`).

mod attach;
mod lsm;
pub(crate) mod range;

use skep_abi::{AttachType, ProgType};
use skep_isa::Reg;

use super::arg::btf_id::Object;
use crate::access::check_ptr_off;
use crate::diag::{Step, rejections};
use crate::env::Env;
use crate::precision;
use crate::state::{CallbackKind, Payload, RegType};
use crate::transfer::reg_arg;

pub(crate) use range::{RetRange, When, check as check_range};

rejections! {
    /// A global subprogram returns something that is no number.
    ///
    /// Global subprograms are verified on their own, and their callers know nothing of what they return but that it is
    /// a number.
    SubprogNotScalar("subprog-returns-pointer", EINVAL, help: "return a number, or make the function static") {
        regno: u8, found: RegType,
    } => "At subprogram exit the register R{regno} is not a scalar value ({found})";

    /// The program returns a pointer where a number is expected.
    ReturnNotScalar("returns-pointer", EINVAL, help: "return a number") {
        when: &'static str, regno: u8, found: RegType,
    } => "{when} the register R{regno} is not a known value ({found})";

    /// The attach type of the program is none that its type could return from.
    NoReturnRule("returns-without-rule", ENOTSUPP, help: "give the program an attach type of its kind") {
    } => "";
}

/// Checks what the program, global subprogram or asynchronous callback leaves in R0.
pub(crate) fn check_return(env: &mut Env<'_>) -> Step {
    check_register(env, Reg::R0)
}

/// The same for another register: an exception without a callback of its own makes its cookie, in R1, the result.
pub(crate) fn check_register(env: &mut Env<'_>, regno: Reg) -> Step {
    let outer = &env.state.frames[0];
    let (kind, callback_ret) = (outer.callback, outer.callback_ret);
    let in_exception = kind == Some(CallbackKind::Exception);
    let is_subprog = outer.subprog != 0;
    let is_program = !is_subprog || in_exception;
    if is_program && returns_nothing(env) {
        return Ok(());
    }
    let mut returns_object = false;
    if is_program && !in_exception && env.prog.prog_type == ProgType::StructOps {
        match returned_object(env, regno) {
            Returned::Matches => return check_ptr_off(env, regno, false),
            Returned::Wanted => returns_object = true,
            Returned::Number => {}
        }
    }
    reg_arg::source(env, regno)?;
    let (range, when) = if kind == Some(CallbackKind::Async) {
        (RetRange::new(callback_ret), When::AsyncCallback)
    } else if !is_program {
        let found = env.reg(regno).ty;
        if env.reg(regno).is_scalar() {
            return Ok(());
        }
        return Err(SubprogNotScalar { regno: regno.0, found }.into());
    } else {
        match allowed(env, returns_object)? {
            Some(range) => (range, When::Program),
            None => return Ok(()),
        }
    };
    let found = env.reg(regno).ty;
    if !env.reg(regno).is_scalar() {
        let when = when.text();
        return Err(ReturnNotScalar { when, regno: regno.0, found }.into());
    }
    precision::mark_chain(env, regno)?;
    check_range(env, regno, range, when)
}

/// Whether the hook or member returns nothing, so that R0 does not matter.
fn returns_nothing(env: &Env<'_>) -> bool {
    match env.prog.prog_type {
        ProgType::Lsm => env.prog.attach_type != AttachType::LsmCgroup && env.attach_returns_void(),
        ProgType::StructOps => env.attach_returns_void(),
        _ => false,
    }
}

/// What a struct_ops member returns, against what the register holds.
enum Returned {
    /// A number.
    Number,
    /// An object, and the register holds a reference to one of its type.
    Matches,
    /// An object: only null will do instead.
    Wanted,
}

fn returned_object(env: &Env<'_>, regno: Reg) -> Returned {
    if !env.features.returns_references() {
        return Returned::Number;
    }
    let Some(wanted) = env.attach_returned_object() else { return Returned::Number };
    let reg = env.reg(regno);
    match reg.payload {
        Payload::Btf { local, id }
            if reg.ref_id != 0 && Object { local, id } == Object::kernel(wanted) =>
        {
            Returned::Matches
        }
        _ => Returned::Wanted,
    }
}

/// The numbers that a program of this type may return; none when any will do.
fn allowed(env: &Env<'_>, returns_object: bool) -> Step<Option<RetRange>> {
    use AttachType as At;
    let attach = env.prog.attach_type;
    let (yes_no, zero, one) = (RetRange::new((0, 1)), RetRange::new((0, 0)), RetRange::new((1, 1)));
    let range = match env.prog.prog_type {
        ProgType::CgroupSockAddr => match attach {
            At::CgroupUdp4Recvmsg
            | At::CgroupUdp6Recvmsg
            | At::CgroupUnixRecvmsg
            | At::CgroupInet4Getpeername
            | At::CgroupInet6Getpeername
            | At::CgroupUnixGetpeername
            | At::CgroupInet4Getsockname
            | At::CgroupInet6Getsockname
            | At::CgroupUnixGetsockname => one,
            At::CgroupInet4Bind | At::CgroupInet6Bind => RetRange::new((0, 3)),
            _ => yes_no,
        },
        ProgType::CgroupSkb if attach == At::CgroupInetEgress => RetRange::new((0, 3)),
        ProgType::CgroupSkb
        | ProgType::CgroupSock
        | ProgType::SockOps
        | ProgType::CgroupDevice
        | ProgType::CgroupSysctl
        | ProgType::CgroupSockopt
        | ProgType::SkLookup
        | ProgType::Netfilter => yes_no,
        ProgType::RawTracepoint if env.prog.attach_btf_id.is_some() => zero,
        ProgType::Tracing => match attach {
            At::TraceFentry | At::TraceFexit | At::TraceFsession => zero,
            At::TraceRawTp | At::ModifyReturn => return Ok(None),
            At::TraceIter => yes_no,
            _ => return Err(NoReturnRule {}.into()),
        },
        ProgType::Kprobe if matches!(attach, At::TraceKprobeSession | At::TraceUprobeSession) => {
            yes_no
        }
        ProgType::Lsm if attach != At::LsmCgroup => return Ok(lsm::range(env)),
        ProgType::Lsm if env.attach_returns_void() => one,
        ProgType::Lsm => yes_no,
        ProgType::StructOps if returns_object => zero,
        _ => return Ok(None),
    };
    Ok(Some(range))
}
