//! Stack, map values, context and packet.

use skep_isa::opcode as op;

use super::super::world::{Context, map};
use super::{Gen, Val};

impl Gen<'_> {
    /// Stores to the stack and loads from it; spills of numbers and of the context.
    pub(crate) fn stack(&mut self) {
        for _ in 0..1 + self.rng.below(3) {
            let slot = self.rng.below(16);
            if self.taken[slot] && !self.slip() {
                continue;
            }
            let (size, mut off) = self.place(slot);
            if self.slip() {
                off = self.rng.pick(&[0, 8, -520, -512 - size as i32, off + 1, off - 3]);
            }
            match self.rng.below(6) {
                0 => {
                    let imm = self.rng.imm();
                    self.out.store_imm(size, 10, off, imm);
                    self.written[slot] = true;
                }
                1 | 2 => {
                    let src = self.scalar();
                    self.out.store(size, 10, off, src);
                    self.written[slot] = true;
                }
                3 if self.regs[6] == Val::Ctx => {
                    self.out.store(8, 10, -8 * (slot as i32 + 1), 6);
                    self.written[slot] = false;
                }
                _ if self.written[slot] || self.slip() => {
                    let dst = self.free();
                    let sign = size < 8 && self.rng.one_in(4);
                    self.out.load(size, dst, 10, off);
                    if sign && let Some(last) = self.out.insns.last_mut() {
                        last.code = last.code & !op::MODE_MASK | op::MEMSX;
                    }
                    self.regs[dst as usize] = Val::Scalar;
                }
                _ => self.at_variable_offset(slot),
            }
        }
    }

    /// A size, and an offset within a slot that is aligned to it.
    fn place(&mut self, slot: usize) -> (u32, i32) {
        let size = self.rng.pick(&[1, 2, 4, 8, 8, 8]);
        let within = self.rng.below(8 / size as usize) as i32 * size as i32;
        (size, -8 * (slot as i32 + 1) + within)
    }

    /// An access at an offset that is not constant.
    fn at_variable_offset(&mut self, slot: usize) {
        if self.taken[slot] || self.taken[slot + 1] {
            return;
        }
        let Some(base) = self.hold() else { return };
        let index = self.free();
        self.bounded(index, 7);
        self.frame(base, -8 * (slot as i32 + 1) - 8);
        self.out.add(base, index);
        if self.rng.one_in(2) {
            let imm = self.rng.imm();
            self.out.store_imm(1, base, 0, imm);
        } else {
            let dst = self.free();
            self.out.load(1, dst, base, 0);
            self.regs[dst as usize] = Val::Scalar;
        }
        self.drop_reg(base);
    }

    /// An atomic operation on a stack slot.
    pub(crate) fn atomic_on_stack(&mut self) {
        let Some(off) = self.slots(1) else { return };
        let imm = self.rng.imm();
        if !self.slip() {
            self.out.store_imm(8, 10, off, imm);
        }
        self.atomic(10, off);
        self.drop_slots(off, 1);
    }

    /// An atomic operation on memory at a register.
    pub(crate) fn atomic(&mut self, base: u8, off: i32) {
        let src = self.scalar();
        let code = self.rng.pick(&[
            op::ADD as i32,
            op::OR as i32,
            op::AND as i32,
            op::XOR as i32,
            op::ADD as i32 | op::FETCH,
            op::XOR as i32 | op::FETCH,
            op::XCHG,
            op::CMPXCHG,
            op::LOAD_ACQ,
            op::STORE_REL,
        ]);
        let code = if self.slip() { self.rng.pick(&[0x20, 0x111, -1]) } else { code };
        let size = if self.slip() { op::B } else { self.rng.pick(&[op::W, op::DW]) };
        if code == op::CMPXCHG {
            self.out.mov_imm(0, 1);
            self.regs[0] = Val::Scalar;
        }
        if code == op::LOAD_ACQ {
            let dst = self.free();
            self.out.raw(op::STX | op::ATOMIC | size, dst, base, off as i16, code);
            self.regs[dst as usize] = Val::Scalar;
        } else {
            self.out.raw(op::STX | op::ATOMIC | size, base, src, off as i16, code);
        }
    }

    /// Looks an element up and works on it.
    pub(crate) fn map_value(&mut self) {
        if self.is_locked {
            return;
        }
        let which = self.rng.pick(&[
            map::ARRAY,
            map::ARRAY,
            map::HASH,
            map::HASH,
            map::PERCPU_ARRAY,
            map::LRU,
            map::READONLY,
            map::WRITEONLY,
            map::BIG,
            map::LPM,
            map::OUTER,
            map::CONSTANTS,
        ]);
        let which = if self.slip() {
            self.rng.pick(&[
                map::RINGBUF,
                map::PROGS,
                map::EVENTS,
                map::STACKS,
                map::QUEUE,
                map::BLOOM,
            ])
        } else {
            which
        };
        if which == map::OUTER {
            return self.inner_value();
        }
        if matches!(which, map::BIG | map::CONSTANTS) && self.rng.one_in(2) {
            return self.direct_value(which);
        }
        let Some(value) = self.lookup(which) else { return };
        let skip = self.null_check(value);
        self.use_value(value, which);
        self.block();
        self.use_value(value, which);
        self.leave(skip, value);
    }

    /// Memory of a map without a lookup.
    fn direct_value(&mut self, which: usize) {
        // Only arrays of one element have addresses.
        let which = if self.slip() { map::ARRAY } else { which };
        let Some(value) = self.hold() else { return };
        let size = self.world.maps[which].value_size;
        let off = self.rng.below(size as usize / 8) as i32 * 8;
        let off = if self.slip() { size as i32 + 8 } else { off };
        self.out.map_value(value, which, off);
        let room = size.saturating_sub(off as u32).max(8);
        let at = self.rng.below((room / 8) as usize) as i32 * 8;
        if which == map::CONSTANTS && !self.slip() || self.rng.one_in(2) {
            let dst = self.free();
            self.out.load(8, dst, value, at);
            self.regs[dst as usize] = Val::Scalar;
        } else {
            let src = self.scalar();
            self.out.store(8, value, at, src);
        }
        self.drop_reg(value);
    }

    fn inner_value(&mut self) {
        let Some(outer) = self.lookup(map::OUTER) else { return };
        let skip = self.null_check(outer);
        let Some(key) = self.slots(1) else {
            return self.leave(skip, outer);
        };
        self.out.store_imm(4, 10, key, 1);
        self.out.mov(1, outer);
        self.frame(2, key);
        self.out.helper(1);
        self.clobber(Val::None);
        let inner = self.out.jump_imm(op::JMP | op::JEQ, 0, 0);
        self.out.store_imm(8, 0, 8, 1);
        self.out.land(inner);
        self.drop_slots(key, 1);
        self.leave(skip, outer);
    }

    /// `bpf_map_lookup_elem`; the result in a register that is held.
    pub(crate) fn lookup(&mut self, which: usize) -> Option<u8> {
        let words = (self.world.maps[which].key_size as usize).div_ceil(8).max(1);
        let value = self.hold()?;
        let Some(key) = self.slots(words) else {
            self.drop_reg(value);
            return None;
        };
        for word in 0..words {
            if !self.slip() {
                let imm = self.rng.below(4) as i32;
                self.out.store_imm(8, 10, key + 8 * word as i32, imm);
            }
        }
        self.out.map(1, which);
        let key_off = if self.slip() { self.rng.pick(&[0, -2, -600, 8]) } else { key };
        self.frame(2, key_off);
        if self.slip() {
            self.out.mov_imm(2, 7);
        }
        self.out.helper(1);
        self.clobber(Val::None);
        self.out.mov(value, 0);
        self.drop_slots(key, words);
        Some(value)
    }

    /// Leaves when a register is null, unless a mistake is due.
    pub(crate) fn null_check(&mut self, reg: u8) -> Option<super::super::emit::Jump> {
        if self.slip() {
            return None;
        }
        match self.rng.below(8) {
            0 => {
                let over = self.out.jump_imm(op::JMP | op::JNE, reg, 0);
                let jump = self.out.goto();
                self.out.land(over);
                Some(jump)
            }
            _ => Some(self.out.jump_imm(op::JMP | op::JEQ, reg, 0)),
        }
    }

    /// The end of what a null check guards: nothing that was made within is known after it.
    pub(crate) fn leave(&mut self, skip: Option<super::super::emit::Jump>, reg: u8) {
        if let Some(skip) = skip {
            self.out.land(skip);
        }
        self.drop_reg(reg);
        for (at, val) in self.regs.iter_mut().enumerate() {
            if *val != Val::Held && !(at == 6 && *val == Val::Ctx) {
                *val = Val::None;
            }
        }
        self.written.fill(false);
    }

    /// Reads and writes of a value at constant and variable offsets.
    fn use_value(&mut self, value: u8, which: usize) {
        let room = self.world.maps[which].value_size.max(8);
        for _ in 0..1 + self.rng.below(3) {
            let size = self.rng.pick(&[1_u32, 2, 4, 8]);
            let off = self.rng.below((room / size) as usize) as i32 * size as i32;
            let off = if self.slip() {
                self.rng.pick(&[room as i32, -1, -8, room as i32 - 1, off + 1])
            } else {
                off
            };
            let reads = match which {
                map::READONLY | map::CONSTANTS => !self.slip(),
                map::WRITEONLY => self.slip(),
                _ => self.rng.one_in(2),
            };
            match self.rng.below(8) {
                0 if which != map::WRITEONLY => self.value_at(value, room),
                1 if !matches!(which, map::READONLY | map::WRITEONLY | map::CONSTANTS) => {
                    self.atomic(value, off & !7)
                }
                _ if reads => {
                    let dst = self.free();
                    self.out.load(size, dst, value, off);
                    self.regs[dst as usize] = Val::Scalar;
                }
                _ => {
                    let src = self.scalar();
                    self.out.store(size, value, off, src);
                }
            }
        }
    }

    /// An access at a bounded offset.
    fn value_at(&mut self, value: u8, room: u32) {
        let index = self.free();
        let most = room.next_power_of_two() / 2 - 1;
        if self.rng.one_in(2) {
            self.bounded(index, most);
        } else {
            self.fresh(index);
            let code = self.rng.pick(&[op::JGT, op::JGE, op::JSGT]);
            let class = self.rng.pick(&[op::JMP, op::JMP, op::JMP32]);
            let skip = self.out.jump_imm(class | code, index, most as i32);
            if code == op::JSGT || class == op::JMP32 {
                self.out.raw(op::ALU | op::AND | op::K, index, 0, 0, most as i32);
            }
            self.moved(value, index);
            self.out.land(skip);
            self.regs[index as usize] = Val::Scalar;
            return;
        }
        self.moved(value, index);
    }

    fn moved(&mut self, value: u8, index: u8) {
        let mut at = self.free();
        while at == index {
            at = self.free();
        }
        self.out.mov(at, value);
        let code = if self.slip() { op::SUB } else { op::ADD };
        self.out.raw(op::ALU64 | code | op::X, at, index, 0, 0);
        self.out.load(1, at, at, 0);
        self.regs[at as usize] = Val::None;
    }

    /// Reads of the context, and writes where they may be.
    pub(crate) fn context(&mut self) {
        if self.regs[6] != Val::Ctx {
            return;
        }
        for _ in 0..1 + self.rng.below(2) {
            if self.slip() {
                let (size, off) = (self.rng.pick(&[1, 2, 4, 8]), self.rng.range(-8, 240) as i32);
                let dst = self.free();
                if self.rng.one_in(4) {
                    self.out.store_imm(size, 6, off, 0);
                } else {
                    self.out.load(size, dst, 6, off);
                }
                self.regs[dst as usize] = Val::None;
                continue;
            }
            let dst = self.free();
            if dst == 6 {
                continue;
            }
            self.load_context(dst);
            self.regs[dst as usize] = Val::Scalar;
        }
    }

    /// A number out of the context in `r6`.
    pub(crate) fn load_context(&mut self, dst: u8) {
        let (size, off) = match self.target.context {
            Context::Skb(_) => {
                (4, self.rng.pick(&[0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 68]))
            }
            Context::Xdp => (4, self.rng.pick(&[12, 16])),
            Context::PerfEvent => {
                let size = self.rng.pick(&[8, 8, 4]);
                if size == 4 { (4, 168) } else { (8, 8 * self.rng.below(23) as i32) }
            }
            Context::Regs => (8, 8 * self.rng.below(21) as i32),
            Context::Bytes(len, _) => {
                let size = self.rng.pick(&[1, 2, 4, 8]);
                (size, 8 + (self.rng.below((len - 8) as usize) as i32 & -(size as i32)))
            }
            Context::Args(count) => (8, 8 * self.rng.below(count as usize) as i32),
            Context::Task => (8, 8),
        };
        self.out.load(size, dst, 6, off);
    }

    /// Direct access to packet data, behind a comparison with its end.
    pub(crate) fn packet(&mut self) {
        let (data, end, width) = match self.target.context {
            Context::Skb(true) => (76, 80, 4),
            Context::Xdp => (0, 4, 4),
            _ => return self.stack(),
        };
        let (Some(start), true) = (self.hold(), self.regs[6] == Val::Ctx) else { return };
        self.out.load(width, start, 6, data);
        self.out.load(width, 2, 6, end);
        self.out.mov(3, start);
        let len = self.rng.pick(&[8, 14, 20, 34]);
        self.out.add_imm(3, len);
        self.regs[2] = Val::None;
        self.regs[3] = Val::None;
        let skip = (!self.slip()).then(|| self.out.jump_reg(op::JMP | op::JGT, 3, 2));
        for _ in 0..1 + self.rng.below(3) {
            let size = self.rng.pick(&[1, 2, 4]);
            let past = if self.slip() { len } else { 0 };
            let off = past + self.rng.below((len as u32 - size) as usize + 1) as i32;
            let dst = self.free();
            self.out.load(size, dst, start, off);
            self.regs[dst as usize] = Val::Scalar;
        }
        self.leave(skip, start);
    }
}
