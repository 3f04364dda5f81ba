//! One run: its frames, and what moves between them.

use std::sync::Arc;

use skep_abi::{Addr, Effect, ProgId};
use skep_isa::{InsnIdx, Reg};
use skep_machine::{Fault, Invoke, ObjType, Run, Stop, spin_lock};

use crate::btf_ptr::BtfPtrs;
use crate::budget::Budget;
use crate::call::{self, Outcome};
use crate::code::MadeCall;
use crate::frame::{Caller, Frame};
use crate::packet;
use crate::refs::{At, RefId, Refs};
use crate::stack::Stack;
use crate::step::{Flow, Steps};
use crate::{Interp, Location, MAX_TAIL_CALLS, Program, Trap, TrapKind};

/// The state of one run.
pub(crate) struct Vm<'r> {
    interp: &'r Interp,
    /// Frames whose calls have not returned, outermost first, without the one that runs.
    #[expect(
        clippy::vec_box,
        reason = "a frame runs outside of this list, and a box moves as one word"
    )]
    callers: Vec<Box<Frame>>,
    pub(crate) stack: Stack<'r>,
    budget: Budget,
    tail_calls: u32,
    refs: Refs,
    /// The trap of a callback, on its way through the helper that ran it.
    nested: Option<Box<Trap>>,
}

/// Where an exit leads.
enum Left {
    /// Out of the program or the callback.
    Result(u64),
    /// Back to the caller.
    Caller(Box<Frame>),
}

/// What the frame goes on with after a call.
#[derive(PartialEq, Eq)]
enum After {
    Same,
    OtherProgram,
    /// Nothing: it ends.
    Exit,
}

impl<'r> Vm<'r> {
    pub(crate) fn new(interp: &'r Interp, run: &Run<'r>) -> Self {
        Self {
            interp,
            callers: Vec::new(),
            stack: Stack::new(run.machine, run.cpu, interp.uninit_stack()),
            budget: Budget::new(interp.insns()),
            tail_calls: 0,
            refs: Refs::default(),
            nested: None,
        }
    }

    /// Runs a program from its first insn with R1 and following.
    pub(crate) fn run(
        &mut self,
        run: &mut Run<'_>,
        program: &Arc<Program>,
        args: &[u64],
    ) -> Result<u64, Box<Trap>> {
        let fp = self.stack.push().map_err(|kind| self.trap(kind, program, 0))?;
        let mut frame = Frame::new(Arc::clone(program), 0, fp, Caller::Nobody);
        let mut regs = [0; 5];
        let count = args.len().min(regs.len());
        regs[..count].copy_from_slice(&args[..count]);
        frame.take_args(regs, ((1 << count) - 1) << 1);
        frame.btf = BtfPtrs::of_ctx(program.ctx_ptrs());
        let ran = self.exec(run, Box::new(frame));
        // One that trapped may hold locks, for which others would wait for ever.
        for lock in self.refs.locks() {
            let _ = spin_lock::unlock(run.machine.memory(), lock);
        }
        ran
    }

    /// Runs until the given frame returns; gives its R0.
    fn exec(&mut self, run: &mut Run<'_>, mut frame: Box<Frame>) -> Result<u64, Box<Trap>> {
        loop {
            let program = Arc::clone(&frame.program);
            run.prog = program.id();
            loop {
                let steps = Steps {
                    memory: run.machine.memory(),
                    slots: program.slots(),
                    version: run.machine.version(),
                    has_callx: self.interp.callx_calls_helpers,
                    in_rcu_cs: !program.is_sleepable() || self.refs.is_rcu_reader(),
                    packet: packet::pointers(run, &program),
                };
                let flow = steps
                    .run(&mut self.stack, &mut self.budget, &mut frame)
                    .map_err(|kind| self.trap(kind, &program, frame.pc))?;
                match flow {
                    Flow::CallSubprog(to) => frame = self.enter(frame, to)?,
                    Flow::LdSkb(size, offset) => {
                        let loaded = packet::load(run, Addr(frame.get(Reg::R6)), size, offset)
                            .map_err(|kind| self.trap(kind, &program, frame.pc))?;
                        frame.returned(Some(loaded.unwrap_or(0)));
                        if loaded.is_some() {
                            frame.pc += 1;
                            continue;
                        }
                        // What is not there ends the function with 0.
                        match self.leave(run, &frame)? {
                            Left::Result(r0) => return Ok(r0),
                            Left::Caller(back) => frame = back,
                        }
                    }
                    Flow::Call(made) => {
                        let after;
                        (frame, after) = self.call(run, frame, made)?;
                        match after {
                            After::Same => {}
                            After::OtherProgram => break,
                            After::Exit => match self.leave(run, &frame)? {
                                Left::Result(r0) => return Ok(r0),
                                Left::Caller(back) => frame = back,
                            },
                        }
                    }
                    Flow::Stale(id) => {
                        let kind = self.refs.used_after_release(run.machine.memory(), id);
                        return Err(self.trap(kind, &program, frame.pc));
                    }
                    Flow::Exit => match self.leave(run, &frame)? {
                        Left::Result(r0) => return Ok(r0),
                        Left::Caller(back) => {
                            frame = back;
                            if !Arc::ptr_eq(&frame.program, &program) {
                                break;
                            }
                        }
                    },
                }
            }
        }
    }

    /// Calls a subprogram of the running program.
    fn enter(&mut self, frame: Box<Frame>, to: u32) -> Result<Box<Frame>, Box<Trap>> {
        let pushed = self.stack.push();
        let fp = pushed.map_err(|kind| self.trap(kind, &frame.program, frame.pc))?;
        let mut callee = Frame::new(Arc::clone(&frame.program), to, fp, Caller::Insn);
        callee.take_args(frame.args(), frame.init);
        callee.btf = frame.btf.for_callee();
        self.callers.push(frame);
        Ok(Box::new(callee))
    }

    /// Calls a helper or kfunc.
    fn call(
        &mut self,
        run: &mut Run<'_>,
        frame: Box<Frame>,
        made: MadeCall,
    ) -> Result<(Box<Frame>, After), Box<Trap>> {
        let args = frame.args();
        let (program, pc) = (Arc::clone(&frame.program), frame.pc);
        let here = || At::new(&program, pc);
        let released = self
            .check_references(run, &frame, &made, args)
            .map_err(|kind| self.trap(kind, &program, pc))?;
        // Callbacks find the caller there, and so do traps.
        self.callers.push(frame);
        let outcome = call::make(self, run, made, args);
        if let Some(trap) = self.nested.take() {
            return Err(trap);
        }
        let back = self.callers.pop();
        let Some(mut frame) = back else {
            return Err(self.trap(TrapKind::OutOfProgram, &program, pc));
        };
        run.prog = program.id();
        match outcome.map_err(|kind| self.trap(kind, &program, pc))? {
            Outcome::TailCall(prog) if self.tail_calls < MAX_TAIL_CALLS => {
                self.refs
                    .check_end(run.machine.memory())
                    .map_err(|kind| self.trap(kind, &program, pc))?;
                self.replace(&mut frame, prog, args[0])
                    .map_err(|kind| self.trap(kind, &program, pc))?;
                return Ok((frame, After::OtherProgram));
            }
            Outcome::Throw(cookie) => {
                self.refs
                    .check_end(run.machine.memory())
                    .map_err(|kind| self.trap(kind, &program, pc))?;
                return Ok(self.throw(frame, cookie));
            }
            // One too many goes on after the call, like one into an empty slot.
            Outcome::TailCall(_) => frame.returned(None),
            Outcome::Returned(result) => {
                frame.returned(result);
                if let Some(id) = released {
                    self.released(id, &made, &mut frame, here());
                }
                let acquired = self.refs.acquire(run.machine, &made, result.unwrap_or(0), here());
                call::mark_result(&mut frame, &made, acquired);
                self.section(run, &mut frame, (made.spec.effect, Addr(args[0])), here())
                    .map_err(|kind| self.trap(kind, &program, pc))?;
            }
        }
        frame.pc += 1;
        Ok((frame, After::Same))
    }

    /// Notes that a call has taken a reference away: what points to the object is useless from now on, unless the object
    /// is in a list or tree and the program still looks at it there.
    fn released(&mut self, id: RefId, made: &MadeCall, frame: &mut Frame, at: At) {
        self.refs.release(id, made, at);
        if made.gives_to_graph() {
            return;
        }
        frame.btf.release(id);
        self.stack.release(id);
        self.callers.iter_mut().for_each(|caller| caller.btf.release(id));
    }

    /// Counts sections. A program that may sleep is an RCU reader in them alone.
    fn section(
        &mut self,
        run: &Run<'_>,
        frame: &mut Frame,
        effect: (Option<Effect>, Addr),
        at: At,
    ) -> Result<(), TrapKind> {
        let was_reader = self.refs.is_rcu_reader();
        self.refs.section(effect, run.machine.version(), at)?;
        let is_reader = self.refs.is_rcu_reader();
        let Some(cpu) = run.machine.cpu(run.cpu).filter(|_| frame.program.is_sleepable()) else {
            return Ok(());
        };
        match (was_reader, is_reader) {
            (false, true) => cpu.rcu_read_lock(),
            (true, false) => {
                frame.btf.expire();
                self.callers.iter_mut().for_each(|caller| caller.btf.expire());
                cpu.rcu_read_unlock();
            }
            _ => {}
        }
        Ok(())
    }

    /// `bpf_throw`: leaves all functions of the program; its exception callback goes on in the place of the first one.
    fn throw(&mut self, mut frame: Box<Frame>, cookie: u64) -> (Box<Frame>, After) {
        while frame.caller == Caller::Insn
            && let Some(caller) = self.callers.pop()
        {
            self.stack.pop();
            frame = caller;
        }
        let program = Arc::clone(&frame.program);
        let Some(callback) = program.exception_cb() else {
            frame.returned(Some(cookie));
            return (frame, After::Exit);
        };
        let fp = Addr(frame.get(Reg::R10));
        *frame = Frame::new(program, callback.0, fp, frame.caller);
        frame.take_args([cookie, 0, 0, 0, 0], 1 << Reg::R1.0);
        (frame, After::Same)
    }

    /// Refuses arguments that point to what the program no longer holds, and locks out of turn; gives the reference that
    /// the call takes away.
    fn check_references(
        &self,
        run: &Run<'_>,
        frame: &Frame,
        made: &MadeCall,
        args: [u64; 5],
    ) -> Result<Option<RefId>, TrapKind> {
        let (machine, memory) = (run.machine, run.machine.memory());
        let marks = frame.btf.references_of_args();
        for (at, mark) in marks.iter().enumerate() {
            if let Some(id) = mark.stale()
                && made.is_pointer(at)
            {
                return Err(self.refs.used_after_release(memory, id));
            }
        }
        self.refs.check_lock(made, Addr(args[0]))?;
        self.refs.to_release(machine, made, args, marks)
    }

    /// Lets another program take the frame over.
    fn replace(&mut self, frame: &mut Frame, prog: ProgId, ctx: u64) -> Result<(), TrapKind> {
        let program = self.interp.progs.get(prog).ok_or(TrapKind::NoProgram(prog))?;
        self.tail_calls += 1;
        self.stack.renew();
        let fp = Addr(frame.get(Reg::R10));
        let btf = BtfPtrs::of_ctx(program.ctx_ptrs());
        *frame = Frame::new(program, 0, fp, frame.caller);
        frame.btf = btf;
        frame.take_args([ctx, 0, 0, 0, 0], 1 << Reg::R1.0);
        Ok(())
    }

    /// Returns from a frame.
    fn leave(&mut self, run: &Run<'_>, frame: &Frame) -> Result<Left, Box<Trap>> {
        let result = frame.check(1 << Reg::R0.0).map(|()| frame.get(Reg::R0));
        if frame.caller == Caller::Nobody {
            self.refs
                .check_end(run.machine.memory())
                .map_err(|kind| self.trap(kind, &frame.program, frame.pc))?;
        }
        let back = match frame.caller {
            Caller::Insn => self.callers.pop(),
            Caller::Nobody | Caller::Helper => None,
        };
        let Some(mut back) = back else {
            let r0 = result.map_err(|kind| self.trap(kind, &frame.program, frame.pc))?;
            self.stack.pop();
            return Ok(Left::Result(r0));
        };
        self.stack.pop();
        // A subprogram need not have a result; then the caller must not look at R0.
        back.returned(result.ok());
        back.btf.take_result(&frame.btf);
        back.pc += 1;
        Ok(Left::Caller(back))
    }

    /// Describes a trap at a slot of the running frame.
    #[cold]
    fn trap(&self, kind: TrapKind, program: &Program, pc: u32) -> Box<Trap> {
        let at = Location::of(program, InsnIdx(pc));
        let callers = self
            .callers
            .iter()
            .rev()
            .map(|frame| Location::of(&frame.program, InsnIdx(frame.pc)))
            .collect();
        Box::new(Trap { kind, at, callers })
    }

    fn callback(
        &mut self,
        run: &mut Run<'_>,
        func: Addr,
        args: [u64; 5],
    ) -> Result<u64, Box<Trap>> {
        let Some(caller) = self.callers.pop() else {
            // Only a call can ask for a callback, and the frame that made it is there.
            unreachable!("a callback without a calling frame");
        };
        let (program, pc) = (Arc::clone(&caller.program), caller.pc);
        let found = program.slot_at(func).ok_or(TrapKind::BadCallTarget(func));
        let entered = found.and_then(|slot| Ok((slot, self.stack.push()?)));
        let (slot, fp) = entered.map_err(|kind| self.trap(kind, &program, pc))?;
        let mut frame = Frame::new(program, slot.0, fp, Caller::Helper);
        frame.take_args(args, crate::frame::ARGS);
        self.callers.push(caller);
        self.exec(run, Box::new(frame))
    }
}

impl Invoke for Vm<'_> {
    fn obj_type(&self, id: u64) -> Option<Arc<ObjType>> {
        self.callers.last()?.program.obj_type(id)
    }

    fn invoke(&mut self, run: &mut Run<'_>, func: Addr, args: [u64; 5]) -> Result<u64, Stop> {
        self.callback(run, func, args).map_err(|trap| {
            let why = trap.kind.to_string();
            self.nested = Some(trap);
            Stop::Fault(Fault::Call { call: "callback", why })
        })
    }
}
