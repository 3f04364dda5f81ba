//! Random programs with structure: mostly valid, some with a mistake.
//!
//! The generator knows roughly what registers and stack slots hold, so that most of what it writes is right; it need
//! not be exact, since both judges look at the same insns. What is acquired is released at the end of its scope, unless
//! a mistake is due.

mod call;
mod control;
mod memory;
mod mistake;
mod object;
mod scalar;

use super::emit::{Emitter, Func, Jump};
use super::rng::Rng;
use super::world::{Context, Target, World};

/// A generated program.
#[derive(Clone, Debug)]
pub(crate) struct Generated {
    pub(crate) target: Target,
    pub(crate) insns: Vec<skep_isa::Insn>,
    /// Functions; empty when the program has no types.
    pub(crate) funcs: Vec<Func>,
    pub(crate) gpl: bool,
}

/// What a register holds, as far as the generator knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Val {
    /// Nothing that may be read, or nobody knows.
    None,
    Scalar,
    /// A number of at most this value.
    Bounded(u32),
    Ctx,
    /// Something that a statement holds for itself.
    Held,
}

/// A program in the making.
pub(crate) struct Gen<'w> {
    pub(crate) world: &'w World,
    pub(crate) target: Target,
    pub(crate) rng: Rng,
    pub(crate) out: Emitter,
    pub(crate) regs: [Val; 10],
    /// Stack slots of 8 bytes from the frame's top that are taken.
    pub(crate) taken: [bool; 32],
    /// Slots that were written.
    pub(crate) written: [bool; 32],
    /// Mistakes that are still to be made.
    pub(crate) slips: u32,
    /// Statements that may still be written.
    pub(crate) budget: u32,
    pub(crate) depth: u32,
    /// Within a lock or another place where calls are refused.
    pub(crate) is_locked: bool,
    /// Within a loop, where no other one is written: the paths of nested ones are too many.
    pub(crate) in_loop: bool,
    /// Functions to append: the call to aim, and what the function is.
    pub(crate) later: Vec<(Jump, Later)>,
    pub(crate) funcs: Vec<Func>,
    pub(crate) needs_types: bool,
}

/// A function that is appended after the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Later {
    /// Static, of two numbers.
    Sub,
    /// Static; the first argument points to 16 bytes of stack.
    SubOfStack,
    Global,
    GlobalMem,
    /// A callback of `bpf_loop`.
    LoopBody,
    /// A callback of `bpf_for_each_map_elem`.
    ElemBody,
    TimerBody,
    /// A comparison for `bpf_rbtree_add`.
    Less,
}

/// The program with this number.
pub(crate) fn generate(world: &World, seed: u64, number: u64) -> Generated {
    let mut rng = Rng::new(seed, number);
    let target = rng.pick(&world.targets);
    let slips = rng.pick(&[0, 0, 0, 0, 1, 1, 1, 1, 1, 2]);
    let budget = rng.range(4, 16) as u32;
    let mut gen_ = Gen {
        world,
        target,
        rng,
        out: Emitter::default(),
        regs: [Val::None; 10],
        taken: [false; 32],
        written: [false; 32],
        slips,
        budget,
        depth: 0,
        is_locked: false,
        in_loop: false,
        later: Vec::new(),
        funcs: Vec::new(),
        needs_types: false,
    };
    gen_.program();
    gen_.mistakes();
    gen_.out.insns.iter_mut().for_each(|insn| no_other_map(insn, world.maps.len()));
    let gpl = !(gen_.slips > 0 && gen_.rng.one_in(8));
    let has_funcs = gen_.needs_types || gen_.funcs.len() > 1 && !gen_.rng.one_in(8);
    let funcs = if has_funcs { gen_.funcs } else { Vec::new() };
    Generated { target, insns: gen_.out.insns, funcs, gpl }
}

/// What no map of the world is called, none is called: the number might be a descriptor of this process.
fn no_other_map(insn: &mut skep_isa::Insn, maps: usize) {
    use skep_isa::opcode as op;
    let is_map =
        insn.code == op::LD_IMM64 && matches!(insn.src.0, op::PSEUDO_MAP_FD | op::PSEUDO_MAP_VALUE);
    if is_map && usize::try_from(insn.imm).map_or(true, |map| map >= maps) {
        insn.imm = -1;
    }
}

impl Gen<'_> {
    fn program(&mut self) {
        self.funcs.push(Func { start: 0, ty: self.world.types.main });
        self.regs[1] = Val::Ctx;
        // The context survives calls.
        self.out.mov(6, 1);
        self.regs[6] = Val::Ctx;
        self.statements();
        self.finish();
        while let Some((call, later)) = self.later.pop() {
            self.out.land(call);
            self.function(later);
        }
    }

    /// The end of the main program.
    fn finish(&mut self) {
        if self.slip() {
            match self.rng.below(4) {
                0 => return,
                1 => self.out.mov(0, 10),
                2 => {}
                _ => self.out.mov_imm(0, i32::MIN),
            }
        } else {
            let value = self.rng.below(2) as i32;
            let is_one = matches!(self.target.name, "tp_btf");
            self.out.mov_imm(0, if is_one { 0 } else { value });
        }
        self.out.exit();
    }

    pub(crate) fn takes_packets(&self) -> bool {
        use skep_abi::ProgType as P;
        matches!(self.target.prog_type, P::SocketFilter | P::SchedCls | P::CgroupSkb)
    }

    /// Whether the program's type looks at the kernel's own objects.
    pub(crate) fn is_tracing(&self) -> bool {
        !matches!(self.target.context, Context::Skb(_) | Context::Xdp)
    }

    /// Whether a mistake is made here.
    pub(crate) fn slip(&mut self) -> bool {
        let slips = self.slips > 0 && self.rng.one_in(14);
        self.slips -= u32::from(slips);
        slips
    }

    /// Statements until the budget is spent, or a block's share of it.
    pub(crate) fn statements(&mut self) {
        let most = if self.depth == 0 { self.budget } else { 1 + self.rng.below(4) as u32 };
        for _ in 0..most {
            if self.budget == 0 || self.out.len() > 400 {
                return;
            }
            self.budget -= 1;
            self.statement();
        }
    }

    fn statement(&mut self) {
        match self.rng.below(100) {
            0..=21 => self.scalars(),
            22..=33 => self.stack(),
            34..=41 => self.branch(),
            42..=47 => self.context(),
            48..=57 => self.map_value(),
            58..=67 => self.call(),
            68..=73 => self.looping(),
            74..=78 => self.function_call(),
            79..=81 => self.atomic_on_stack(),
            82..=84 => self.packet(),
            85..=97 => self.object(),
            _ => self.odd(),
        }
    }

    /// A block of statements, deeper.
    pub(crate) fn block(&mut self) {
        if self.depth < 3 {
            self.depth += 1;
            self.statements();
            self.depth -= 1;
        }
    }

    /// What is the same whichever way the program came.
    pub(crate) fn merge(&mut self, regs: [Val; 10], written: [bool; 32]) {
        for (mine, other) in self.regs.iter_mut().zip(regs) {
            *mine = match (*mine, other) {
                (a, b) if a == b => a,
                (Val::Scalar | Val::Bounded(_), Val::Scalar | Val::Bounded(_)) => Val::Scalar,
                _ => Val::None,
            };
        }
        for (mine, other) in self.written.iter_mut().zip(written) {
            *mine &= other;
        }
    }

    /// Registers after a call.
    pub(crate) fn clobber(&mut self, result: Val) {
        self.regs[1..6].fill(Val::None);
        self.regs[0] = result;
    }

    /// A register to write a number to: none that is held, seldom the context.
    pub(crate) fn free(&mut self) -> u8 {
        loop {
            let reg = self.rng.below(10);
            let is_ctx = self.regs[reg] == Val::Ctx;
            if self.regs[reg] != Val::Held && (!is_ctx || self.rng.one_in(40)) {
                return reg as u8;
            }
        }
    }

    /// A register that survives calls, held until [`Self::drop_reg`].
    pub(crate) fn hold(&mut self) -> Option<u8> {
        let start = self.rng.below(3) as u8;
        let reg = (0..3)
            .map(|at| 7 + (start + at) % 3)
            .find(|&reg| self.regs[reg as usize] != Val::Held)?;
        self.regs[reg as usize] = Val::Held;
        Some(reg)
    }

    pub(crate) fn drop_reg(&mut self, reg: u8) {
        self.regs[reg as usize] = Val::None;
    }

    /// A register with a number, made if there is none.
    pub(crate) fn scalar(&mut self) -> u8 {
        let start = self.rng.below(10);
        let found = (0..10)
            .map(|at| (start + at) % 10)
            .find(|&reg| matches!(self.regs[reg], Val::Scalar | Val::Bounded(_)));
        if let Some(reg) = found {
            return reg as u8;
        }
        let reg = self.free();
        self.fresh(reg);
        reg
    }

    /// A number of which nothing or little is known, or a constant.
    pub(crate) fn fresh(&mut self, reg: u8) {
        match self.rng.below(4) {
            0 => {
                let imm = self.rng.imm();
                self.out.mov_imm(reg, imm);
            }
            1 if self.regs[6] == Val::Ctx && reg != 6 => {
                self.load_context(reg);
            }
            2 if !self.is_locked => {
                self.out.helper(7);
                self.clobber(Val::Scalar);
                if reg != 0 {
                    self.out.mov(reg, 0);
                }
            }
            _ => {
                let imm = self.rng.range(0, 64) as i32;
                self.out.mov_imm(reg, imm);
            }
        }
        self.regs[reg as usize] = Val::Scalar;
    }

    /// A number of at most `most`, which is a power of two less one, in a register that is not held.
    pub(crate) fn bounded(&mut self, reg: u8, most: u32) {
        use skep_isa::opcode as op;
        self.fresh(reg);
        if !self.slip() {
            self.out.raw(op::ALU64 | op::AND | op::K, reg, 0, 0, most as i32);
        }
        self.regs[reg as usize] = Val::Bounded(most);
    }

    /// Stack slots in a row; the offset of the lowest byte from the frame pointer.
    pub(crate) fn slots(&mut self, count: usize) -> Option<i32> {
        let start = self.rng.below(8);
        let first = (start..32 - count)
            .find(|&first| self.taken[first..first + count].iter().all(|taken| !taken))?;
        self.taken[first..first + count].fill(true);
        Some(-8 * (first + count) as i32)
    }

    /// Gives slots back.
    pub(crate) fn drop_slots(&mut self, off: i32, count: usize) {
        let first = (-off) as usize / 8 - count;
        self.taken[first..first + count].fill(false);
        self.written[first..first + count].fill(false);
    }

    /// `dst = r10 + off`
    pub(crate) fn frame(&mut self, dst: u8, off: i32) {
        self.out.mov(dst, 10);
        self.out.add_imm(dst, off);
    }
}
