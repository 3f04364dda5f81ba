//! The special fields of what a register points to (`reg_btf_record`).

use skep_abi::TypeFlags;

use crate::env::Env;
use crate::fields::Record;
use crate::state::{Base, Payload, RegState};

impl Env<'_> {
    /// The special fields of the map value or allocated object that a register points to; none where there are none.
    pub(crate) fn record_of(&self, reg: &RegState) -> Option<&Record> {
        match reg.payload {
            Payload::Map { map, inner, .. } if reg.ty.is(Base::MapValue) => {
                Some(self.map_record(map, inner)).filter(|record| !record.is_empty())
            }
            Payload::Btf { local: true, id } if is_alloc_object(reg) => self.local_record(id),
            _ => None,
        }
    }
}

/// Whether it points to an object that a program allocated (`type_is_ptr_alloc_obj`).
pub(super) fn is_alloc_object(reg: &RegState) -> bool {
    reg.ty.base == Base::BtfId && reg.ty.has(TypeFlags::MEM_ALLOC)
}

/// The distance from the start of what a register points to, where it is known.
pub(super) fn const_off(reg: &RegState) -> Option<i64> {
    let var = reg.num.const_value()?;
    Some(i64::from(reg.off).wrapping_add(var.cast_signed()))
}
