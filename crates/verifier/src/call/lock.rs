//! Locks that programs take: `bpf_spin_lock`, one at a time, and `bpf_res_spin_lock` (`process_spin_lock`).

use skep_abi::Effect;
use skep_isa::{Insn, Reg};

use super::record::const_off;
use super::{MapRef, clobber, refs};
use crate::call_summary::CallSummary;
use crate::diag::{Step, Stop, rejections};
use crate::env::Env;
use crate::explore;
use crate::insn::Shape;
use crate::state::{Base, LockOwner, RefKind, RefState, RegState};

rejections! {
    /// A lock is passed by a pointer whose distance from the start of its value is not known.
    LockVariableOffset("lock-variable-offset", EINVAL, help: "take the address of the lock member itself") {
        regno: u8, lock: &'static str,
    } => "R{regno} doesn't have constant offset. {lock}_lock has to be at the constant offset";

    /// A lock in a map value is only found by the BTF of the map.
    LockNeedsBtf("lock-map-without-btf", EINVAL, help: "declare the map in section .maps with __type(value, …)") {
        map: String, lock: &'static str,
    } => "map '{map}' has to have BTF in order to use {lock}_lock";

    /// The map's value, or the allocated object, holds no lock.
    NoLock("lock-missing", EINVAL, help: "put a lock member into the struct") {
        what: &'static str, name: String, lock: &'static str,
    } => "{what} '{name}' has no valid {lock}_lock";

    /// The pointer does not point to where the lock is.
    NotTheLock("lock-wrong-offset", EINVAL, help: "take the address of the lock member itself") {
        off: i64, lock: &'static str, at: i64,
    } => "off {off} doesn't point to 'struct {lock}_lock' that is at {at}";

    /// Only one `bpf_spin_lock` may be held at a time, so that programs cannot deadlock.
    TwoLocks("lock-two", EINVAL, help: "release the first lock before taking the second, or use bpf_res_spin_lock()") {
    } => "Locking two bpf_spin_locks are not allowed";

    /// A lock is taken that this path already holds.
    SameLockAgain("lock-deadlock", EINVAL, help: "release the lock before taking it again") {
    } => "Acquiring the same lock again, AA deadlock detected";

    /// A lock is released while none is held.
    UnlockWithoutLock("unlock-without-lock", EINVAL, help: "take the lock on every path that leads here") {
        lock: &'static str,
    } => "{lock}_unlock without taking a lock";

    /// Another lock is released than the one that is held.
    UnlockOfAnother("unlock-different", EINVAL, help: "use the same pointer for both, from one lookup") {
        lock: &'static str,
    } => "{lock}_unlock of different lock";

    /// Locks must be released in the reverse order of taking.
    UnlockOutOfOrder("unlock-out-of-order", EINVAL, help: "release the lock that was taken last first") {
        lock: &'static str,
    } => "{lock}_unlock cannot be out of order";

    /// While a lock is held a program may call very little: others may wait for the lock.
    CallUnderLock("call-under-lock", EINVAL, help: "make the call before the lock is taken, or after it is released") {
    } => "function calls are not allowed while holding a lock";

    /// The call takes a lock in a map value or in an allocated object.
    NotALock("res-lock-wrong-pointer", EINVAL, help: "pass the address of the lock member of a map value or allocated object") {
        arg: u8,
    } => "arg#{arg} doesn't point to map value or allocated object";
}

/// Which lock a call is about, and what it does.
#[derive(Clone, Copy, Debug)]
struct LockOp {
    kind: RefKind,
    takes: bool,
}

impl LockOp {
    fn is_res(self) -> bool {
        self.kind != RefKind::Lock
    }

    fn name(self) -> &'static str {
        if self.is_res() { "bpf_res_spin" } else { "bpf_spin" }
    }
}

/// Takes or releases the `bpf_spin_lock` that `reg` points to.
pub(crate) fn check(env: &mut Env<'_>, reg: Reg, lock: bool) -> Step {
    process(env, reg, LockOp { kind: RefKind::Lock, takes: lock })
}

/// Takes or releases the `bpf_res_spin_lock` that `reg` points to.
pub(super) fn check_res(env: &mut Env<'_>, regno: Reg, effect: Option<Effect>) -> Step {
    let reg = env.reg(regno);
    if !reg.ty.is(Base::MapValue) && !super::record::is_alloc_object(reg) {
        return Err(NotALock { arg: regno.0 - 1 }.into());
    }
    let op = match effect {
        Some(Effect::ResSpinLock) => LockOp { kind: RefKind::ResLock, takes: true },
        Some(Effect::ResSpinUnlock) => LockOp { kind: RefKind::ResLock, takes: false },
        Some(Effect::ResSpinLockIrq) => LockOp { kind: RefKind::ResLockIrq, takes: true },
        Some(Effect::ResSpinUnlockIrq) => LockOp { kind: RefKind::ResLockIrq, takes: false },
        _ => return Stop::bug("a lock is passed to a call that does not lock"),
    };
    process(env, regno, op)
}

fn process(env: &mut Env<'_>, regno: Reg, op: LockOp) -> Step {
    let lock = op.name();
    let reg = *env.reg(regno);
    let Some(off) = const_off(&reg) else {
        return Err(LockVariableOffset { regno: regno.0, lock }.into());
    };
    let map = MapRef::of(&reg).filter(|_| reg.ty.is(Base::MapValue)).map(|map| map.get(env));
    if let Some(map) = map.filter(|map| map.value_type.is_none()) {
        return Err(LockNeedsBtf { map: map.name.to_owned(), lock }.into());
    }
    let record = env.record_of(&reg);
    let at = record.and_then(|r| if op.is_res() { r.res_spin_lock_off } else { r.spin_lock_off });
    let Some(at) = at.map(i64::from) else {
        let (what, name) = map.map_or(("local", "kptr"), |map| ("map", map.name));
        return Err(NoLock { what, name: name.to_owned(), lock }.into());
    };
    if off != at {
        return Err(NotTheLock { off, lock, at }.into());
    }
    let owner = owner_of(&reg);
    if op.takes { take(env, op, reg.id, owner) } else { give_back(env, op, reg.id, owner) }
}

/// What a lock lies in. Objects are told apart by their ids: the kernel compares the BTF that their types are of.
pub(super) fn owner_of(reg: &RegState) -> LockOwner {
    match MapRef::of(reg) {
        Some(map) => LockOwner::Map { map: map.map, inner: map.inner },
        None => LockOwner::Object,
    }
}

fn take(env: &mut Env<'_>, op: LockOp, id: u32, owner: LockOwner) -> Step {
    let refs = &mut env.state.refs;
    if refs.active_locks > 0 {
        if !op.is_res() {
            return Err(TwoLocks {}.into());
        }
        if find(&refs.held, is_res_lock, id, owner) {
            return Err(SameLockAgain {}.into());
        }
    }
    refs.held.push(RefState { kind: op.kind, id, insn: env.insn_idx, owner, callback: 0 });
    refs.active_locks += 1;
    refs.lock_id = id;
    refs.lock_owner = Some(owner);
    Ok(())
}

fn give_back(env: &mut Env<'_>, op: LockOp, id: u32, owner: LockOwner) -> Step {
    let lock = op.name();
    let refs = &mut env.state.refs;
    if refs.active_locks == 0 {
        return Err(UnlockWithoutLock { lock }.into());
    }
    if !find(&refs.held, |kind| kind == op.kind, id, owner) {
        return Err(UnlockOfAnother { lock }.into());
    }
    if (refs.lock_id, refs.lock_owner) != (id, Some(owner)) {
        return Err(UnlockOutOfOrder { lock }.into());
    }
    let is_it = |r: &RefState| r.kind == op.kind && r.id == id && r.owner == owner;
    if let Some(at) = refs.held.iter().position(is_it) {
        let before = refs.held[..at].iter().rfind(|r| is_lock(r.kind));
        let before = before.map(|r| (r.id, r.owner));
        refs.held.remove(at);
        refs.active_locks -= 1;
        refs.lock_id = before.map_or(0, |(id, _)| id);
        refs.lock_owner = before.map(|(_, owner)| owner);
    }
    refs::invalidate_non_owning(&mut env.state);
    Ok(())
}

fn is_res_lock(kind: RefKind) -> bool {
    matches!(kind, RefKind::ResLock | RefKind::ResLockIrq)
}

fn is_lock(kind: RefKind) -> bool {
    kind == RefKind::Lock || is_res_lock(kind)
}

fn find(held: &[RefState], kind: impl Fn(RefKind) -> bool, id: u32, owner: LockOwner) -> bool {
    held.iter().any(|r| kind(r.kind) && r.id == id && r.owner == owner)
}

/// Whether the lock of what a register points to is held.
pub(super) fn is_held(env: &Env<'_>, reg: &RegState) -> bool {
    find(&env.state.refs.held, is_lock, reg.id, owner_of(reg))
}

/// Whether a register points to something that a lock may lie in (`reg_may_point_to_spin_lock`).
pub(super) fn may_hold_lock(env: &Env<'_>, reg: &RegState) -> bool {
    let record = env.record_of(reg);
    record.is_some_and(|r| r.spin_lock_off.is_some() || r.res_spin_lock_off.is_some())
}

/// The greatest number of an error.
const MAX_ERRNO: i32 = 4095;

/// Has the path walked later on which a `bpf_res_spin_lock` was not taken: R0 is an error.
pub(super) fn fork_failed(env: &mut Env<'_>) -> Step {
    let insn = env.insn_idx;
    let state = explore::push_branch(env, insn + 1, insn)?;
    clobber::caller_saved(state.frame_mut());
    let mut r0 = RegState::unknown();
    (r0.num.s32_min, r0.num.s32_max) = (-MAX_ERRNO, -1);
    (r0.num.smin, r0.num.smax) = (i64::from(-MAX_ERRNO), -1);
    r0.num.sync();
    *state.reg_mut(Reg::R0) = r0;
    Ok(())
}

/// Refuses calls that may not be made while a lock is held (the check that `do_check` makes before any call).
pub(crate) fn check_held(env: &Env<'_>, insn: Insn) -> Step {
    if env.state.refs.active_locks == 0 {
        return Ok(());
    }
    let allowed = if !env.features.calls_under_lock() && insn.is_pseudo_call() {
        false
    } else if insn.is_helper_call() {
        CallSummary::of(env, insn).is_some_and(|call| call.effect == Some(Effect::SpinUnlock))
    } else {
        // What subprograms do is judged where they do it.
        !insn.is_kfunc_call() || allowed_under_lock(env, insn)
    };
    if allowed { Ok(()) } else { Err(CallUnderLock {}.into()) }
}

/// Kfuncs that may be called while a lock is held (`kfunc_spin_allowed`).
fn allowed_under_lock(env: &Env<'_>, insn: Insn) -> bool {
    let Some(effect) = CallSummary::of(env, insn).and_then(|call| call.effect) else {
        return false;
    };
    matches!(
        effect,
        Effect::ListPush
            | Effect::ListPop
            | Effect::ListPeek
            | Effect::RbtreeAdd
            | Effect::RbtreeRemove
            | Effect::RbtreeFirst
            | Effect::RbtreeChild
            | Effect::RefcountAcquire
            | Effect::IterNumNew
            | Effect::IterNumNext
            | Effect::IterNumDestroy
            | Effect::ResSpinLock
            | Effect::ResSpinUnlock
            | Effect::ResSpinLockIrq
            | Effect::ResSpinUnlockIrq
    )
}
