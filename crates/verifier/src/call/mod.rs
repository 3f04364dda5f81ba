//! Calls: helpers, kfuncs, subprograms, and what they do to references and callbacks; dispatch only.

pub(crate) mod arg;
pub(crate) mod callback;
mod caller;
pub(crate) mod clobber;
pub(crate) mod dynptr;
pub(crate) mod exit;
pub(crate) mod frame;
pub(crate) mod graph;
pub(crate) mod helper;
pub(crate) mod irq;
pub(crate) mod iter;
pub(crate) mod kfunc;
pub(crate) mod kptr;
pub(crate) mod leak;
pub(crate) mod lock;
pub(crate) mod map;
pub(crate) mod meta;
pub(crate) mod obj;
mod record;
pub(crate) mod refs;
pub(crate) mod region;
pub(crate) mod ret;
pub(crate) mod stack_object;
pub(crate) mod subprog;
pub(crate) mod timer;

pub(crate) use exit::exit_subprog;
pub(crate) use helper::call as helper;
pub(crate) use kfunc::call as kfunc;
pub(crate) use leak::check_leaks;
pub(crate) use lock::check_held as check_lock_held;
pub(crate) use map::MapRef;
pub(crate) use meta::Meta;
pub(crate) use ret::check_return;
pub(crate) use subprog::call as subprog;

/// Stack that a call initialises: bytes from `off` of the frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RawStack {
    /// Whether the argument was on the stack.
    pub(crate) is_stack: bool,
    /// Frame.
    pub(crate) frame: u32,
    /// Offset from the frame pointer, negative.
    pub(crate) off: i32,
    /// Bytes.
    pub(crate) size: u32,
}

/// Where the path goes after a kfunc.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AfterKfunc {
    /// On.
    Continues,
    /// It threw an exception: every frame is left.
    Throws,
}
