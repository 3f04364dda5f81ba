//! What the 64-bit immediate of `ld_imm64` stands for (`BPF_PSEUDO_*` in its source register).

use crate::{Insn, opcode};

/// The operand of `ld_imm64`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Imm64 {
    /// A constant.
    Value(u64),
    /// A map, by file descriptor (or by what the loader puts in its place).
    MapFd(i32),
    /// The address of byte `off` of a map's only value.
    MapValue {
        /// File descriptor of the map.
        fd: i32,
        /// Bytes into the value.
        off: u32,
    },
    /// The address of a kernel variable.
    BtfId {
        /// Its BTF id.
        id: i32,
        /// BTF object: 0 is vmlinux, else a file descriptor.
        fd: i32,
    },
    /// The address of a subprogram, relative to the slot after the first.
    Func(i32),
    /// A map, by its index in the loader's array.
    MapIdx(i32),
    /// The address of byte `off` of the only value of a map given by index.
    MapIdxValue {
        /// Index of the map.
        idx: i32,
        /// Bytes into the value.
        off: u32,
    },
}

impl Imm64 {
    /// Reads the operand from the source register and the immediates of both slots.
    ///
    /// Returns `None` for a source register or an upper half that the kernel refuses.
    #[must_use]
    pub(crate) const fn decode(src: u8, low: i32, high: i32) -> Option<Self> {
        Some(match src {
            0 => Self::Value((high as u32 as u64) << 32 | low as u32 as u64),
            opcode::PSEUDO_MAP_FD if high == 0 => Self::MapFd(low),
            opcode::PSEUDO_MAP_VALUE => Self::MapValue { fd: low, off: high as u32 },
            opcode::PSEUDO_BTF_ID => Self::BtfId { id: low, fd: high },
            // The kernel does not look at the upper half: it writes the address there.
            opcode::PSEUDO_FUNC => Self::Func(low),
            opcode::PSEUDO_MAP_IDX if high == 0 => Self::MapIdx(low),
            opcode::PSEUDO_MAP_IDX_VALUE => Self::MapIdxValue { idx: low, off: high as u32 },
            _ => return None,
        })
    }

    /// The source register and the immediates of both slots.
    #[must_use]
    pub const fn encode(self) -> (u8, i32, i32) {
        match self {
            Self::Value(value) => (0, value as u32 as i32, (value >> 32) as u32 as i32),
            Self::MapFd(fd) => (opcode::PSEUDO_MAP_FD, fd, 0),
            Self::MapValue { fd, off } => (opcode::PSEUDO_MAP_VALUE, fd, off as i32),
            Self::BtfId { id, fd } => (opcode::PSEUDO_BTF_ID, id, fd),
            Self::Func(off) => (opcode::PSEUDO_FUNC, off, 0),
            Self::MapIdx(idx) => (opcode::PSEUDO_MAP_IDX, idx, 0),
            Self::MapIdxValue { idx, off } => (opcode::PSEUDO_MAP_IDX_VALUE, idx, off as i32),
        }
    }

    /// The two immediates joined, as the kernel's log prints them.
    #[must_use]
    pub const fn raw(self) -> u64 {
        let (_, low, high) = self.encode();
        (high as u32 as u64) << 32 | low as u32 as u64
    }

    /// Tells whether `insn` is the first slot of a `ld_imm64`.
    #[must_use]
    pub const fn is_first_slot(insn: Insn) -> bool {
        insn.code == opcode::LD_IMM64
    }
}
