//! The few insns that these programs are made of.

/// A register.
pub(crate) type Reg = u8;

/// A program under construction.
#[derive(Clone, Default)]
pub(crate) struct Asm {
    pub(crate) insns: Vec<u64>,
    /// First insns of callbacks.
    pub(crate) callbacks: Vec<u32>,
    /// Loads of callback addresses that have no callback yet.
    pending: Vec<usize>,
}

impl Asm {
    fn insn(mut self, code: u8, dst: Reg, src: Reg, off: i16, imm: i32) -> Self {
        let regs = u64::from(dst | src << 4) << 8;
        let off = u64::from(off as u16) << 16;
        self.insns.push(u64::from(code) | regs | off | u64::from(imm as u32) << 32);
        self
    }

    fn wide(self, dst: Reg, src: Reg, low: i32, high: i32) -> Self {
        self.insn(0x18, dst, src, 0, low).insn(0, 0, 0, 0, high)
    }

    /// `dst = value`
    pub(crate) fn set(self, dst: Reg, value: u64) -> Self {
        self.wide(dst, 0, value as u32 as i32, (value >> 32) as i32)
    }

    /// `dst = src`
    pub(crate) fn mov(self, dst: Reg, src: Reg) -> Self {
        self.insn(0xbf, dst, src, 0, 0)
    }

    /// `dst += value`
    pub(crate) fn add(self, dst: Reg, value: i32) -> Self {
        self.insn(0x07, dst, 0, 0, value)
    }

    /// `dst = map`
    pub(crate) fn map(self, dst: Reg, fd: i32) -> Self {
        self.wide(dst, 1, fd, 0)
    }

    /// `dst = &map[0] + off`
    pub(crate) fn map_value(self, dst: Reg, fd: i32, off: i32) -> Self {
        self.wide(dst, 2, fd, off)
    }

    /// `dst = callback`, the one that [`Self::callback`] appends
    pub(crate) fn func(mut self, dst: Reg) -> Self {
        self.pending.push(self.insns.len());
        self.wide(dst, 4, 0, 0)
    }

    /// Appends the callback of the last [`Self::func`].
    pub(crate) fn callback(mut self, body: &Self) -> Self {
        let start = self.insns.len();
        if let Some(at) = self.pending.pop() {
            self.insns[at] |= ((start - at - 1) as u64) << 32;
        }
        self.callbacks.push(start as u32);
        self.insns.extend_from_slice(&body.insns);
        self
    }

    /// `*(u64 *)(dst + off) = src`
    pub(crate) fn store(self, dst: Reg, off: i16, src: Reg) -> Self {
        self.insn(0x7b, dst, src, off, 0)
    }

    /// `*(u64 *)(dst + off) = 0`
    pub(crate) fn store_zero(self, dst: Reg, off: i16) -> Self {
        self.insn(0x7a, dst, 0, off, 0)
    }

    /// `dst = *(u64 *)(src + off)`
    pub(crate) fn load(self, dst: Reg, src: Reg, off: i16) -> Self {
        self.insn(0x79, dst, src, off, 0)
    }

    /// `if dst == value goto +off`
    pub(crate) fn jump_if_eq(self, dst: Reg, value: i32, off: i16) -> Self {
        self.insn(0x15, dst, 0, off, value)
    }

    /// `if dst != value goto +off`
    pub(crate) fn jump_if_ne(self, dst: Reg, value: i32, off: i16) -> Self {
        self.insn(0x55, dst, 0, off, value)
    }

    /// `call helper`
    pub(crate) fn call(self, helper: u32) -> Self {
        self.insn(0x85, 0, 0, 0, helper as i32)
    }

    /// `call kfunc`, by its id in the kernel's BTF
    pub(crate) fn call_kfunc(self, id: u32) -> Self {
        self.insn(0x85, 0, 2, 0, id as i32)
    }

    /// `exit`
    pub(crate) fn exit(self) -> Self {
        self.insn(0x95, 0, 0, 0, 0)
    }
}
