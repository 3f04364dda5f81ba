//! What a program holds and must give back before it ends: references, spin locks, RCU sections, disabled preemption
//! (`struct bpf_reference_state` of the verifier, at run time).
//!
//! A reference is born by a call that acquires, and has a number. The registers and stack slots that hold the pointer
//! are marked with it (`btf_ptr`); when it is given up, all of them become useless, as to the verifier.

use std::sync::Arc;

use skep_abi::{Addr, ArgType, CallKind, Effect, KernelVersion, KfuncFlags, RetType};
use skep_isa::InsnIdx;
use skep_machine::{Machine, Memory};

use crate::code::MadeCall;
use crate::{Location, Program, TrapKind};

/// Number of a reference within one run, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RefId(pub(crate) u32);

/// What a register or stack slot is marked with: a reference, held or given up; or none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mark(u32);

impl Mark {
    pub(crate) const NONE: Self = Self(0);
    const STALE: u32 = 1 << 31;

    /// A reference that is held.
    pub(crate) const fn held(id: RefId) -> Self {
        Self(id.0)
    }

    /// The reference.
    pub(crate) fn id(self) -> Option<RefId> {
        (self != Self::NONE).then_some(RefId(self.0 & !Self::STALE))
    }

    /// The reference, when it was given up.
    pub(crate) fn stale(self) -> Option<RefId> {
        self.id().filter(|_| self.0 & Self::STALE != 0)
    }

    /// Makes a mark with this reference stale.
    pub(crate) fn release(&mut self, id: RefId) {
        if self.0 == id.0 {
            self.0 |= Self::STALE;
        }
    }
}

/// A place in a program; its words are made when they are needed.
#[derive(Clone, Debug)]
pub(crate) struct At {
    program: Arc<Program>,
    pc: u32,
}

impl At {
    pub(crate) fn new(program: &Arc<Program>, pc: u32) -> Self {
        Self { program: Arc::clone(program), pc }
    }

    fn location(&self) -> Box<Location> {
        Box::new(Location::of(&self.program, InsnIdx(self.pc)))
    }
}

/// A reference.
#[derive(Debug)]
struct Ref {
    object: Addr,
    call: &'static str,
    acquired: At,
    /// Where it was given up, and by which call.
    released: Option<(At, &'static str)>,
}

/// What one run holds.
#[derive(Debug, Default)]
pub(crate) struct Refs {
    /// All references that the run ever had, by their numbers.
    refs: Vec<Ref>,
    held: u32,
    rcu: Vec<At>,
    preempt: Vec<At>,
    /// Spin locks, and where they were taken.
    locks: Vec<(Addr, At)>,
}

impl MadeCall {
    /// Whether a result that is not null is a reference.
    fn acquires(&self) -> bool {
        self.flags.contains(KfuncFlags::ACQUIRE)
            || matches!(self.ret, RetType::AllocMemOrNull | RetType::OwnedOrNull)
    }

    /// The argument whose reference the call takes away.
    fn released_arg(&self) -> Option<usize> {
        let of_kfunc = self.flags.contains(KfuncFlags::RELEASE);
        self.args.iter().position(|arg| match arg {
            ArgType::RingbufMem | ArgType::OwnedOrNull => true,
            ArgType::BtfPtr { .. } | ArgType::AllocObj => of_kfunc,
            ArgType::GraphNode { .. } => self.gives_to_graph(),
            _ => false,
        })
    }

    /// Whether the call puts an object into a list or tree, which holds it then.
    pub(crate) fn gives_to_graph(&self) -> bool {
        matches!(self.spec.effect, Some(Effect::ListPush | Effect::RbtreeAdd))
    }

    /// Whether an argument must point somewhere.
    pub(crate) fn is_pointer(&self, arg: usize) -> bool {
        use ArgType as A;
        let number = |ty: &ArgType| {
            matches!(
                ty,
                A::Anything
                    | A::DontCare
                    | A::Scalar { .. }
                    | A::ConstSize
                    | A::ConstSizeOrZero
                    | A::ConstAllocSize
            )
        };
        self.args.get(arg).is_some_and(|ty| !number(ty))
    }
}

impl Refs {
    /// The reference that a call is about to take away; marks are those of the argument registers.
    pub(crate) fn to_release(
        &self,
        machine: &Machine,
        made: &MadeCall,
        args: [u64; 5],
        marks: [Mark; 5],
    ) -> Result<Option<RefId>, TrapKind> {
        let Some(at) = made.released_arg() else { return Ok(None) };
        if args[at] == 0 {
            return Ok(None);
        }
        let object = start_of(machine, Addr(args[at]));
        let is_held = |id: &RefId| self.get(*id).is_some_and(|found| found.released.is_none());
        let by_address = || {
            let held = |found: &&Ref| found.released.is_none() && found.object == object;
            let at = self.refs.iter().rposition(|found| held(&found))?;
            Some(RefId(at as u32 + 1))
        };
        match marks[at].id().filter(is_held).or_else(by_address) {
            Some(id) => Ok(Some(id)),
            None => {
                let object = machine.memory().describe(object);
                Err(TrapKind::NotHeld { call: made.spec.name, object })
            }
        }
    }

    /// Notes that a reference was given up.
    pub(crate) fn release(&mut self, id: RefId, made: &MadeCall, at: At) {
        if let Some(found) = self.refs.get_mut(id.0 as usize - 1) {
            found.released = Some((at, made.spec.name));
            self.held -= 1;
        }
    }

    /// The reference that a call's result is.
    pub(crate) fn acquire(
        &mut self,
        machine: &Machine,
        made: &MadeCall,
        result: u64,
        at: At,
    ) -> Option<RefId> {
        if result == 0 || !made.acquires() {
            return None;
        }
        self.held += 1;
        let (object, call) = (start_of(machine, Addr(result)), made.spec.name);
        self.refs.push(Ref { object, call, acquired: at, released: None });
        Some(RefId(self.refs.len() as u32))
    }

    /// Refuses a call that would wait for a spin lock which the program holds itself, or might; and one that gives up a
    /// lock which it does not hold.
    pub(crate) fn check_lock(&self, made: &MadeCall, lock: Addr) -> Result<(), TrapKind> {
        let held = self.locks.iter().find(|(held, _)| *held == lock);
        match (made.spec.effect, held) {
            (Some(Effect::SpinLock), Some((_, at))) => Err(TrapKind::Deadlock(at.location())),
            (Some(Effect::SpinUnlock), None) => Err(TrapKind::UnmatchedUnlock("spin lock")),
            (Some(Effect::SpinUnlock), Some(_)) => Ok(()),
            _ if made.spec.kind == CallKind::Kfunc => Ok(()),
            _ => self.locks.last().map_or(Ok(()), |(_, at)| {
                let (call, locked) = (made.spec.name, at.location());
                Err(TrapKind::CallUnderLock { call, locked })
            }),
        }
    }

    /// The spin locks that are held.
    pub(crate) fn locks(&self) -> impl Iterator<Item = Addr> {
        self.locks.iter().map(|(lock, _)| *lock)
    }

    /// Counts sections that a call begins or ends, those of a spin lock by its address.
    pub(crate) fn section(
        &mut self,
        (effect, lock): (Option<Effect>, Addr),
        version: KernelVersion,
        at: At,
    ) -> Result<(), TrapKind> {
        match effect {
            Some(Effect::RcuLock) => match self.rcu.first() {
                Some(outer) if !rcu_sections_nest(version) => {
                    return Err(TrapKind::NestedRcuLock(outer.location()));
                }
                _ => self.rcu.push(at),
            },
            Some(Effect::PreemptDisable) => self.preempt.push(at),
            Some(Effect::SpinLock) => self.locks.push((lock, at)),
            Some(Effect::SpinUnlock) => self.locks.retain(|(held, _)| *held != lock),
            Some(Effect::RcuUnlock) => {
                self.rcu.pop().ok_or(TrapKind::UnmatchedUnlock("RCU section"))?;
            }
            Some(Effect::PreemptEnable) => {
                self.preempt
                    .pop()
                    .ok_or(TrapKind::UnmatchedUnlock("section without preemption"))?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether the program is in a section that grace periods of RCU wait for: without preemption it is too.
    pub(crate) fn is_rcu_reader(&self) -> bool {
        !self.locks.is_empty() || !self.rcu.is_empty() || !self.preempt.is_empty()
    }

    /// Refuses to end while anything is held.
    pub(crate) fn check_end(&self, memory: &Memory) -> Result<(), TrapKind> {
        if self.held != 0
            && let Some(leaked) = self.refs.iter().find(|found| found.released.is_none())
        {
            return Err(TrapKind::Leaked {
                object: memory.describe(leaked.object),
                call: leaked.call,
                acquired: leaked.acquired.location(),
            });
        }
        let open = [
            (self.locks.last().map(|(_, at)| at), "section of a spin lock"),
            (self.rcu.last(), "RCU section"),
            (self.preempt.last(), "section without preemption"),
        ];
        match open.iter().find_map(|(open, what)| Some(((*open)?, *what))) {
            Some((begun, what)) => Err(TrapKind::Unended { what, begun: begun.location() }),
            None => Ok(()),
        }
    }

    /// The trap of a use of a pointer whose reference was given up.
    pub(crate) fn used_after_release(&self, memory: &Memory, id: RefId) -> TrapKind {
        let Some(Ref { object, call, acquired, released: Some((at, by)) }) = self.get(id) else {
            return TrapKind::NotHeld { call: "a use", object: "what nobody ever held".to_owned() };
        };
        TrapKind::UsedAfterRelease {
            object: memory.describe(*object),
            call,
            acquired: acquired.location(),
            by,
            released: at.location(),
        }
    }

    fn get(&self, id: RefId) -> Option<&Ref> {
        self.refs.get((id.0 as usize).checked_sub(1)?)
    }
}

/// The object that an address lies in, where that is one that programs allocate: calls take and give their nodes.
fn start_of(machine: &Machine, addr: Addr) -> Addr {
    machine.objs().start_of(addr).unwrap_or(addr)
}

/// Whether RCU sections may lie within each other.
///
/// *Kernel*: since 6.19 (measured).
fn rcu_sections_nest(version: KernelVersion) -> bool {
    version >= KernelVersion::new(6, 19)
}
