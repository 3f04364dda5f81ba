//! Pointers that may be null, compared with null (`mark_ptr_or_null_regs`).

use skep_abi::{MapType, TypeFlags};
use skep_isa::Reg;

use super::sane::MAX_VAR_OFF;
use crate::fields::{FieldKind, LocalRecords, MapFields, Record};
use crate::input::Map;
use crate::state::{Base, Payload, RegState, RegType, State};

/// The program's maps and the fields of their values.
pub(super) struct Maps<'a> {
    /// The maps.
    pub(super) maps: &'a [Map<'a>],
    /// Their fields, in the same order.
    pub(super) fields: &'a [MapFields],
    /// Fields of the program's own structs.
    pub(super) locals: &'a LocalRecords,
    /// Whether the kernel learns from pointers that are equal.
    pub(super) by_equality: bool,
}

impl Maps<'_> {
    /// Whether lock identities hang on the id of a pointer to a value of this map.
    fn has_lock(&self, map: u32, inner: bool) -> bool {
        let Some(fields) = self.fields.get(map as usize) else { return false };
        let record = if inner { &fields.inner } else { &fields.value };
        is_locked(record)
    }

    /// Whether callbacks of an inner map's fields must be tied to the very map.
    fn inner_has_async(&self, map: u32) -> bool {
        self.fields.get(map as usize).is_some_and(|fields| {
            fields
                .inner
                .has(|kind| matches!(kind, FieldKind::Timer | FieldKind::Wq | FieldKind::TaskWork))
        })
    }
}

fn is_locked(record: &Record) -> bool {
    record.has(|kind| matches!(kind, FieldKind::SpinLock | FieldKind::ResSpinLock))
}

/// Whether a pointer is certainly not null (`reg_not_null`).
pub(super) fn is_not_null(reg: &RegState) -> bool {
    // A far offset could wrap to zero.
    if reg.ty.may_be_null() || reg.num.smin <= -MAX_VAR_OFF || reg.num.smax >= MAX_VAR_OFF {
        return false;
    }
    match reg.ty.base {
        Base::Socket
        | Base::TcpSock
        | Base::XdpSock
        | Base::Buf
        | Base::MapValue
        | Base::MapKey
        | Base::SockCommon
        | Base::MapPtr => true,
        Base::BtfId => reg.is_trusted(),
        Base::Mem => !reg.ty.has(TypeFlags::PTR_UNTRUSTED),
        _ => false,
    }
}

/// Takes the doubt away (`mark_ptr_not_null_reg`); a value of some kinds of map turns out to be something else.
pub(super) fn mark_not_null(reg: &mut RegState, maps: &Maps<'_>) {
    let Payload::Map { map, inner, .. } = reg.payload else {
        reg.ty.flags -= TypeFlags::PTR_MAYBE_NULL;
        return;
    };
    if reg.ty.base != Base::MapValue {
        reg.ty.flags -= TypeFlags::PTR_MAYBE_NULL;
        return;
    }
    let spec = maps.maps.get(map as usize).filter(|_| !inner);
    if spec.is_some_and(|map| map.inner.is_some()) {
        let uid = if maps.inner_has_async(map) { reg.id } else { 0 };
        reg.ty = RegType::new(Base::MapPtr);
        reg.payload = Payload::Map { map, inner: true, uid };
        return;
    }
    reg.ty = RegType::new(match spec.map(|map| map.map_type) {
        Some(MapType::Xskmap) => Base::XdpSock,
        Some(MapType::Sockmap | MapType::Sockhash) => Base::Socket,
        _ => Base::MapValue,
    });
}

/// Whether a lock may lie in what it points to: its id then stays, since it tells the locks apart.
fn may_hold_lock(reg: &RegState, maps: &Maps<'_>) -> bool {
    match reg.payload {
        Payload::Map { map, inner, .. } if reg.ty.base == Base::MapValue => {
            maps.has_lock(map, inner)
        }
        Payload::Btf { local: true, id } if reg.ty.has(TypeFlags::MEM_ALLOC) => {
            maps.locals.get(id).is_some_and(is_locked)
        }
        _ => false,
    }
}

/// Marks every copy of the pointer in `reg` null, or not null.
pub(super) fn mark_all(state: &mut State, reg: Reg, is_null: bool, maps: &Maps<'_>) {
    let (id, ref_id) = (state.reg(reg).id, state.reg(reg).ref_id);
    if is_null && ref_id != 0 && ref_id == id {
        // What was not acquired need not be released.
        state.refs.remove(id);
    }
    state.for_each_reg(|reg| {
        // Pointers without an identity are told apart by nothing; only RCU pointers come so.
        let is_named = id != 0 || reg.ty.has(TypeFlags::MEM_RCU);
        if !reg.ty.may_be_null() || reg.id != id || !is_named {
            return;
        }
        if is_null {
            let off = reg.off;
            reg.ty = RegType::SCALAR;
            reg.payload = Payload::None;
            reg.off = off;
            reg.id = 0;
            reg.ref_id = 0;
            return;
        }
        mark_not_null(reg, maps);
        if !may_hold_lock(reg, maps) {
            reg.id = 0;
        }
    });
}
