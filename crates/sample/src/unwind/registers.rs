//! Registers of a frame, by DWARF's numbers (System V ABI, x86-64 supplement, figure 3.36).

use skep_abi::X86Regs;

/// A DWARF register number of x86-64; 16 is the return address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Register(u8);

impl Register {
    pub(super) const RBX: Self = Self(3);
    pub(super) const RBP: Self = Self(6);
    pub(super) const RSP: Self = Self(7);
    pub(super) const R12: Self = Self(12);
    pub(super) const R13: Self = Self(13);
    pub(super) const R14: Self = Self(14);
    pub(super) const R15: Self = Self(15);
    pub(super) const RETURN_ADDRESS: Self = Self(16);

    /// Registers that a function hands back as it found them.
    pub(super) const CALLEE_SAVED: [Self; 6] =
        [Self::RBX, Self::RBP, Self::R12, Self::R13, Self::R14, Self::R15];

    /// The register with this number, unless it is none that can lead to a caller.
    pub(super) fn from_dwarf(number: gimli::Register) -> Option<Self> {
        u8::try_from(number.0).ok().filter(|n| *n <= Self::RETURN_ADDRESS.0).map(Self)
    }

    const fn bit(self) -> u32 {
        1 << self.0
    }
}

/// The values of a frame's registers, as far as they are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Registers {
    values: [u64; 17],
    known: u32,
}

impl Registers {
    /// The registers of the innermost frame: all are known.
    pub(super) fn innermost(regs: &X86Regs) -> Self {
        let values = [
            regs.ax, regs.dx, regs.cx, regs.bx, regs.si, regs.di, regs.bp, regs.sp, regs.r8,
            regs.r9, regs.r10, regs.r11, regs.r12, regs.r13, regs.r14, regs.r15, regs.ip,
        ];
        Self { values, known: (1 << values.len()) - 1 }
    }

    pub(super) fn get(&self, register: Register) -> Option<u64> {
        let value = self.values.get(usize::from(register.0))?;
        (self.known & register.bit() != 0).then_some(*value)
    }

    pub(super) fn set(&mut self, register: Register, value: Option<u64>) {
        match (value, self.values.get_mut(usize::from(register.0))) {
            (Some(value), Some(slot)) => {
                *slot = value;
                self.known |= register.bit();
            }
            _ => self.known &= !register.bit(),
        }
    }

    /// Forgets the registers that a call does not preserve.
    pub(super) fn forget_caller_saved(&mut self) {
        let kept =
            Register::CALLEE_SAVED.iter().fold(Register::RSP.bit(), |bits, r| bits | r.bit());
        self.known &= kept | Register::RETURN_ADDRESS.bit();
    }
}
