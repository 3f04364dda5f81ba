//! Branches, loops, callbacks and subprograms.

use skep_isa::opcode as op;

use super::super::emit::Func;
use super::super::world::map;
use super::{Gen, Later, Val};

const CONDITIONS: &[u8] = &[
    op::JEQ,
    op::JGT,
    op::JGE,
    op::JSET,
    op::JNE,
    op::JSGT,
    op::JSGE,
    op::JLT,
    op::JLE,
    op::JSLT,
    op::JSLE,
];

impl Gen<'_> {
    /// `if`, sometimes with `else`.
    pub(crate) fn branch(&mut self) {
        let reg = self.scalar();
        let code = self.rng.pick(CONDITIONS) | self.rng.pick(&[op::JMP, op::JMP, op::JMP32]);
        let jump = if self.rng.one_in(3) {
            let other = if self.slip() { self.rng.below(11) as u8 } else { self.scalar() };
            self.out.jump_reg(code, reg, other)
        } else {
            let imm = self.rng.imm();
            self.out.jump_imm(code, reg, imm)
        };
        let (regs, written) = (self.regs, self.written);
        self.block();
        if self.rng.one_in(8) && self.depth == 0 {
            // This way the program ends.
            self.out.mov_imm(0, 0);
            self.out.exit();
            self.out.land(jump);
            (self.regs, self.written) = (regs, written);
            return;
        }
        if self.rng.one_in(2) {
            let end = self.out.goto();
            self.out.land(jump);
            let (then_regs, then_written) = (self.regs, self.written);
            (self.regs, self.written) = (regs, written);
            self.block();
            self.out.land(end);
            self.merge(then_regs, then_written);
        } else {
            self.out.land(jump);
            self.merge(regs, written);
        }
    }

    /// Some kind of loop.
    pub(crate) fn looping(&mut self) {
        if self.depth >= 2 || self.is_locked || self.in_loop {
            return self.scalars();
        }
        self.in_loop = true;
        self.one_loop();
        self.in_loop = false;
    }

    fn one_loop(&mut self) {
        match self.rng.below(6) {
            0 | 1 => self.counted(),
            2 => self.counted_on_stack(),
            3 => self.iterator(),
            4 => self.may_goto(),
            _ => self.callback_loop(),
        }
    }

    /// What a loop's body leaves behind is not known before it.
    fn forget(&mut self) {
        for (at, val) in self.regs.iter_mut().enumerate() {
            let is_kept = *val == Val::Held || at == 6 && *val == Val::Ctx;
            if !is_kept {
                *val = Val::None;
            }
        }
        self.written.fill(false);
    }

    fn counted(&mut self) {
        let Some(counter) = self.hold() else { return };
        // A loop that never ends costs both judges a second.
        let slip = self.rng.one_in(20) && self.slip();
        let rounds = self.rng.range(1, 5) as i32;
        self.out.mov_imm(counter, 0);
        self.forget();
        let start = self.out.len();
        self.block();
        if !slip {
            self.out.add_imm(counter, 1);
        }
        let code =
            self.rng.pick(&[op::JLT, op::JNE, op::JSLT]) | self.rng.pick(&[op::JMP, op::JMP32]);
        let back = self.out.jump_imm(code, counter, rounds);
        self.out.aim(back, start);
        self.drop_reg(counter);
        self.forget();
    }

    fn counted_on_stack(&mut self) {
        let Some(off) = self.slots(1) else { return };
        let rounds = self.rng.range(1, 4) as i32;
        self.out.store_imm(8, 10, off, 0);
        self.forget();
        let start = self.out.len();
        self.block();
        self.out.load(8, 1, 10, off);
        self.out.add_imm(1, 1);
        self.out.store(8, 10, off, 1);
        let back = self.out.jump_imm(op::JMP | op::JLT, 1, rounds);
        self.out.aim(back, start);
        self.drop_slots(off, 1);
        self.forget();
    }

    /// `bpf_for`: an iterator over numbers.
    fn iterator(&mut self) {
        let names = ["bpf_iter_num_new", "bpf_iter_num_next", "bpf_iter_num_destroy"];
        let ids = names.map(|name| self.world.kfunc(name));
        let [Some(new), Some(next), Some(destroy)] = ids else { return };
        let Some(off) = self.slots(1) else { return };
        let at = |this: &mut Self| {
            let off = if this.slip() { off - 8 } else { off };
            this.frame(1, off);
        };
        at(self);
        self.out.mov_imm(2, 0);
        let rounds = self.rng.range(1, 100) as i32;
        self.out.mov_imm(3, rounds);
        self.out.kfunc(new);
        self.clobber(Val::None);
        self.forget();
        let start = self.out.len();
        at(self);
        self.out.kfunc(next);
        self.clobber(Val::None);
        let end = self.out.jump_imm(op::JMP | op::JEQ, 0, 0);
        self.out.load(4, 1, 0, 0);
        self.regs[1] = Val::Scalar;
        self.block();
        let back = self.out.goto();
        self.out.aim(back, start);
        self.out.land(end);
        if !self.slip() {
            at(self);
            self.out.kfunc(destroy);
        }
        self.clobber(Val::None);
        self.drop_slots(off, 1);
        self.forget();
    }

    fn may_goto(&mut self) {
        self.forget();
        let start = self.out.len();
        self.out.raw(op::JMP | op::JCOND, 0, 0, 0, 0);
        let end = super::super::emit::Jump::of_last(&self.out);
        self.block();
        let back = self.out.goto();
        self.out.aim(back, start);
        self.out.land(end);
        self.forget();
    }

    /// `bpf_loop` or `bpf_for_each_map_elem`.
    fn callback_loop(&mut self) {
        let Some(off) = self.slots(2) else { return };
        self.out.store_imm(8, 10, off, 0);
        self.out.store_imm(8, 10, off + 8, 0);
        if self.rng.one_in(2) {
            let rounds = self.rng.range(0, 40) as i32;
            self.out.mov_imm(1, rounds);
            let body = self.out.func_later(2);
            self.later.push((body, Later::LoopBody));
            self.frame(3, off);
            let flags = if self.slip() { 1 } else { 0 };
            self.out.mov_imm(4, flags);
            self.out.helper(181);
        } else {
            let which = self.rng.pick(&[map::ARRAY, map::HASH, map::PERCPU_ARRAY]);
            self.out.map(1, which);
            let body = self.out.func_later(2);
            self.later.push((body, Later::ElemBody));
            self.frame(3, off);
            self.out.mov_imm(4, 0);
            self.out.helper(164);
        }
        self.needs_types |= !self.slip();
        self.clobber(Val::Scalar);
        self.drop_slots(off, 2);
        self.written.fill(false);
    }

    /// A call of a subprogram.
    pub(crate) fn function_call(&mut self) {
        if self.depth >= 2 || self.later.len() > 3 || self.is_locked && !self.slip() {
            return self.scalars();
        }
        let kind = self.rng.pick(&[
            Later::Sub,
            Later::Sub,
            Later::SubOfStack,
            Later::Global,
            Later::GlobalMem,
        ]);
        let off = self.slots(2);
        match kind {
            Later::SubOfStack | Later::GlobalMem => {
                let Some(off) = off else { return };
                self.out.store_imm(8, 10, off, 0);
                self.out.store_imm(8, 10, off + 8, 0);
                self.frame(1, off);
                if self.slip() {
                    self.out.mov_imm(1, 1);
                }
            }
            _ => {
                let scalar = self.scalar();
                if scalar != 1 {
                    self.out.mov(1, scalar);
                }
            }
        }
        self.out.mov_imm(2, 5);
        self.needs_types |= matches!(kind, Later::Global | Later::GlobalMem);
        let call = self.out.call_later();
        self.later.push((call, kind));
        self.clobber(Val::Scalar);
        if let Some(off) = off {
            self.drop_slots(off, 2);
        }
        self.written.fill(false);
    }

    /// A function that was called.
    pub(crate) fn function(&mut self, later: Later) {
        let types = self.world.types;
        let ty = match later {
            Later::Sub | Later::SubOfStack => types.sub,
            Later::Global => types.global,
            Later::GlobalMem => types.global_mem,
            _ => types.callback,
        };
        self.funcs.push(Func { start: self.out.len() as u32, ty });
        self.regs = [Val::None; 10];
        self.taken = [false; 32];
        self.written = [false; 32];
        self.is_locked = false;
        self.in_loop = true;
        self.depth = 2;
        self.budget = 1 + self.rng.below(3) as u32;
        match later {
            Later::Sub | Later::Global => self.regs[1..3].fill(Val::Scalar),
            Later::SubOfStack => self.touch(1, 8),
            Later::GlobalMem => {
                let skip = self.null_check(1);
                self.touch(1, 8);
                self.leave(skip, 1);
            }
            Later::LoopBody => {
                self.touch(2, 8);
                self.regs[1] = Val::Scalar;
            }
            Later::ElemBody => {
                self.touch(3, 8);
                self.touch(4, 8);
            }
            Later::Less => {
                self.out.load(8, 0, 1, -32);
                self.out.load(8, 3, 2, -32);
            }
            Later::TimerBody => {}
        }
        self.block();
        let limit =
            if matches!(later, Later::Sub | Later::SubOfStack | Later::Global | Later::GlobalMem) {
                100
            } else {
                1
            };
        let value = if self.slip() { 7 } else { self.rng.range(0, limit) as i32 };
        let value = if later == Later::TimerBody { 0 } else { value };
        self.out.mov_imm(0, value);
        self.out.exit();
    }

    /// Changes memory at a register. Not by counting: callbacks would be followed round by round.
    fn touch(&mut self, reg: u8, off: i32) {
        let off = if self.slip() { 64 } else { off };
        self.out.load(8, 0, reg, off);
        self.out.raw(op::ALU64 | op::OR | op::K, 0, 0, 0, 1);
        self.out.store(8, reg, off, 0);
        self.regs[0] = Val::Scalar;
    }

    /// Insns that few programs have.
    pub(crate) fn odd(&mut self) {
        match self.rng.below(5) {
            0 => {
                let over = self.out.goto();
                self.scalars();
                // Code that is never reached is refused.
                if !self.slip() {
                    self.out.aim(over, self.out.len() - (self.out.len() - over.at() - 1));
                } else {
                    self.out.land(over);
                }
            }
            1 => {
                // `gotol`
                self.out.raw(op::JMP32 | op::JA, 0, 0, 0, 0);
            }
            2 if self.regs[6] == Val::Ctx && self.takes_packets() => {
                // `ld_abs` wants the context in r6.
                self.out.raw(
                    op::LD | op::ABS | self.rng.clone().pick(&[op::W, op::H, op::B]),
                    0,
                    0,
                    0,
                    14,
                );
                self.clobber(Val::Scalar);
            }
            3 if self.slip() => {
                self.out.raw(op::LD | op::ABS | op::W, 0, 0, 0, 4);
                self.clobber(Val::Scalar);
            }
            _ => {
                let reg = self.scalar();
                let skip = self.out.jump_imm(op::JMP | op::JEQ, reg, 3);
                self.out.land(skip);
            }
        }
    }
}
