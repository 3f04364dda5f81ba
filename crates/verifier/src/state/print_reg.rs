//! Registers and frames as the kernel's log spells them (`print_reg_state`, `print_verifier_state`).

use core::fmt::Write as _;

use skep_abi::TypeFlags;
use skep_domain::{Snum, Unum};

use super::{
    ADD_CONST, Base, CallbackKind, DynptrKind, Frame, IterState, Payload, RegState, SlotKind,
    StackSlot, State,
};
use crate::{Kernel, Map, Program};

/// Spells registers and frames; knows the names of types and maps.
#[derive(Clone, Copy)]
pub(crate) struct Printer<'e> {
    prog: &'e Program<'e>,
    kernel: &'e Kernel<'e>,
}

/// Which registers and slots to print.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shown {
    /// Registers, a bit each.
    pub(crate) regs: u16,
    /// Slots, a bit each.
    pub(crate) slots: u64,
}

impl Shown {
    /// All.
    pub(crate) const ALL: Self = Self { regs: u16::MAX, slots: u64::MAX };
    /// None.
    pub(crate) const NONE: Self = Self { regs: 0, slots: 0 };
}

/// Facts within parentheses, commas between.
struct List<'o> {
    out: &'o mut String,
    is_first: bool,
}

impl List<'_> {
    fn add(&mut self, fact: core::fmt::Arguments<'_>) {
        if !self.is_first {
            self.out.push(',');
        }
        self.is_first = false;
        // A string takes whatever is written.
        let _ = self.out.write_fmt(fact);
    }
}

impl<'e> Printer<'e> {
    /// For a program and a kernel.
    pub(crate) fn new(prog: &'e Program<'e>, kernel: &'e Kernel<'e>) -> Self {
        Self { prog, kernel }
    }

    /// A frame, each register with a space before it; no line feed.
    pub(crate) fn frame(&self, state: &State, frame: usize, shown: Shown) -> String {
        let mut out = String::new();
        let Some(func) = state.frames.get(frame) else {
            return out;
        };
        if func.frameno > 0 {
            let _ = write!(out, " frame{}:", func.frameno);
        }
        for (at, reg) in func.regs.iter().enumerate() {
            if reg.ty.base != Base::NotInit && shown.regs >> at & 1 == 1 {
                let _ = write!(out, " R{at}=");
                self.reg(&mut out, func, reg);
            }
        }
        self.stack(&mut out, func, shown.slots);
        let mut held = state.refs.held.iter().map(|held| held.id);
        if let Some(first) = held.next() {
            let _ = write!(out, " refs={first}");
            for id in held {
                let _ = write!(out, ",{id}");
            }
        }
        match func.callback {
            Some(CallbackKind::Sync) => out.push_str(" cb"),
            Some(CallbackKind::Async) => out.push_str(" cb async_cb"),
            Some(CallbackKind::Exception) | None => {}
        }
        out
    }

    fn stack(&self, out: &mut String, func: &Frame, shown: u64) {
        let mut spi = 0;
        while spi < func.stack.len() {
            let slot = &func.stack[spi];
            let is_shown = shown >> spi & 1 == 1;
            if is_shown && slot.kinds.iter().any(|&kind| kind != SlotKind::Invalid) {
                if slot.kinds[7] == SlotKind::Dynptr {
                    // The second slot describes it.
                    spi += 1;
                }
                if let Some(slot) = func.stack.get(spi) {
                    self.slot(out, func, slot, spi);
                }
            }
            spi += 1;
        }
    }

    fn slot(&self, out: &mut String, func: &Frame, slot: &StackSlot, spi: usize) {
        let off = -8 * (spi as i32 + 1);
        let (kind, reg) = (slot.kinds[7], &slot.spilled);
        match (kind, reg.payload) {
            (SlotKind::Spill, _) => {
                let _ = write!(out, " fp{off}=");
                let above = slot.kinds.iter().take_while(|&&kind| kind != SlotKind::Spill);
                out.extend(above.map(|&kind| letter(kind)));
                self.reg(out, func, reg);
            }
            (SlotKind::Dynptr, Payload::Dynptr { kind, first }) => {
                let _ = write!(out, " fp{off}=dynptr_{}(", dynptr_name(kind));
                let mut list = List { out, is_first: true };
                if reg.id != 0 {
                    list.add(format_args!("id={}", reg.id));
                }
                if reg.ref_id != 0 {
                    list.add(format_args!("ref_id={}", reg.ref_id));
                }
                if first {
                    // The kernel keeps in one place whether a slot is the first and a slice's number.
                    list.add(format_args!("dynptr_id=1"));
                }
                out.push(')');
            }
            (SlotKind::Iter, Payload::Iter { btf, state, depth }) => {
                if reg.ref_id == 0 {
                    return;
                }
                let name = self.kernel.btf.name(btf);
                let name = name.strip_prefix("bpf_iter_").unwrap_or(name);
                let state = match state {
                    IterState::Active => "active",
                    IterState::Drained => "drained",
                };
                let id = reg.ref_id;
                let _ =
                    write!(out, " fp{off}=iter_{name}(ref_id={id},state={state},depth={depth})");
            }
            (SlotKind::Iter, _) => {}
            _ => {
                let _ = write!(out, " fp{off}=");
                out.extend(slot.kinds.iter().map(|&kind| letter(kind)));
            }
        }
    }

    /// A register that a frame holds.
    pub(crate) fn reg(&self, out: &mut String, func: &Frame, reg: &RegState) {
        if reg.is_scalar() {
            if reg.precise {
                out.push('P');
            }
            if let Some(value) = reg.num.const_value() {
                let _ = write!(out, "{}", Snum(value as i64));
                return;
            }
        }
        let _ = write!(out, "{}", reg.ty);
        match reg.ty.base {
            Base::Arena => return,
            Base::Stack => {
                if func.frameno != reg.frameno {
                    let _ = write!(out, "[{}]", reg.frameno);
                }
                if let Some(value) = reg.num.const_value() {
                    let off = (value as i64).wrapping_add(i64::from(reg.off));
                    let _ = write!(out, "{}", Snum(off));
                    return;
                }
            }
            Base::BtfId => out.push_str(self.type_name(reg)),
            _ => {}
        }
        out.push('(');
        self.facts(&mut List { out, is_first: true }, reg);
        out.push(')');
    }

    fn facts(&self, list: &mut List<'_>, reg: &RegState) {
        if reg.id != 0 {
            list.add(format_args!("id={}", reg.base_id()));
        }
        if reg.id & ADD_CONST != 0 {
            let _ = write!(list.out, "{:+}", reg.off);
        }
        if reg.ref_id != 0 {
            list.add(format_args!("ref_obj_id={}", reg.ref_id));
        }
        if reg.ty.has(TypeFlags::NON_OWN_REF) {
            list.add(format_args!("non_own_ref"));
        }
        if let Payload::Map { map, inner, .. } = reg.payload
            && let Some(map) = self.map(map, inner)
        {
            if !map.name.is_empty() && !inner {
                list.add(format_args!("map={}", map.name));
            }
            list.add(format_args!("ks={},vs={}", map.key_size, map.value_size));
        }
        if !reg.is_scalar() && reg.off != 0 {
            list.add(format_args!("off={}", Snum(i64::from(reg.off))));
        }
        match reg.payload {
            Payload::Packet { range } if reg.ty.is_packet() => {
                list.add(format_args!("r={}", Unum(i64::from(range) as u64)));
            }
            Payload::Mem { size, .. } if reg.ty.base == Base::Mem => {
                list.add(format_args!("sz={}", Unum(u64::from(size))));
            }
            Payload::Dynptr { kind, .. } if reg.ty.base == Base::Dynptr => {
                list.add(format_args!("type={}", dynptr_name(kind)));
            }
            _ => {}
        }
        match reg.num.const_value() {
            Some(0) => {}
            Some(value) => list.add(format_args!("imm={}", Snum(value as i64))),
            None => {
                let ranges = reg.num.ranges_text();
                if !ranges.is_empty() {
                    list.add(format_args!("{ranges}"));
                }
            }
        }
    }

    fn map(&self, index: u32, inner: bool) -> Option<&'e Map<'e>> {
        let map = self.prog.maps.get(index as usize)?;
        if inner { map.inner.as_deref() } else { Some(map) }
    }

    fn type_name(&self, reg: &RegState) -> &'e str {
        match reg.payload {
            Payload::Btf { local: true, id } => self.prog.btf.map_or("", |btf| btf.name(id)),
            Payload::Btf { local: false, id } => self.kernel.btf.name(id),
            _ => "",
        }
    }
}

const fn letter(kind: SlotKind) -> char {
    match kind {
        SlotKind::Invalid => '?',
        SlotKind::Spill => 'r',
        SlotKind::Misc => 'm',
        SlotKind::Zero => '0',
        SlotKind::Dynptr => 'd',
        SlotKind::Iter => 'i',
        SlotKind::IrqFlag => 'f',
    }
}

const fn dynptr_name(kind: DynptrKind) -> &'static str {
    match kind {
        DynptrKind::Local => "local",
        DynptrKind::Ringbuf => "ringbuf",
        DynptrKind::Skb => "skb",
        DynptrKind::Xdp => "xdp",
        DynptrKind::SkbMeta => "skb_meta",
        DynptrKind::File => "file",
    }
}
