//! Why an access is refused, in words.

use skep_abi::Addr;

use super::page_table::PAGE;
use super::region::{Liveness, Region};
use super::{Memory, window};
use crate::{Access, Fault, Place};

impl Memory {
    /// The fault of an access that was not granted.
    #[cold]
    pub(super) fn refusal(&self, addr: Addr, size: u64, access: Access) -> Fault {
        Fault::Access { access, addr, size, place: self.place(addr, size, access) }
    }

    fn place(&self, addr: Addr, size: u64, access: Access) -> Place {
        if addr.0 < PAGE {
            return Place::Null;
        }
        if addr.is_user() {
            return Place::User;
        }
        if let Some(object) = self.code_at(addr) {
            return Place::Code { object };
        }
        match self.region_at(addr) {
            Some(region) => within(region, addr, size, access),
            None => self.beside(addr),
        }
    }

    fn code_at(&self, addr: Addr) -> Option<String> {
        let code = self.code.read();
        let (start, (len, of)) = code.range(..=addr.0).next_back()?;
        (addr.0 - start < *len).then(|| of.to_string())
    }

    /// A page without a region: the nearest region is the one before or after the unmapped page.
    fn beside(&self, addr: Addr) -> Place {
        if let Some(region) = self.region_at(Addr(addr.0.wrapping_sub(PAGE))) {
            return between(region, region.count - 1, addr);
        }
        match self.region_at(Addr(addr.0.wrapping_add(PAGE))) {
            Some(region) => between(region, 0, addr),
            None => Place::Nothing,
        }
    }

    /// The name of the element that an address lies in, be it alive or not.
    pub(crate) fn name_of(&self, addr: Addr) -> String {
        let region = self.region_at(addr);
        let name = region.map(|region| region.element_name(region.index_of(addr.0 - region.base)));
        name.unwrap_or_else(|| "nothing".to_owned())
    }

    /// Says what lies at an address: an object and an offset in it, or that there is nothing.
    #[must_use]
    pub fn describe(&self, addr: Addr) -> String {
        if let Some(region) = self.region_at(addr)
            && let Some(hit) = region.bounds(addr.0, 1)
        {
            let index = region.index_of(addr.0 - region.base);
            if region.hit(addr.0, 1).is_none() && matches!(region.liveness, Liveness::Records(_)) {
                return format!(
                    "byte {} of {} without a record",
                    hit.within,
                    region.element_name(index)
                );
            }
            let name = region.element_name(index);
            let dead = if region.hit(addr.0, 1).is_some() { "" } else { ", which is dead" };
            return format!("byte {} of {name} ({} bytes{dead})", hit.within, region.size);
        }
        match self.place(addr, 1, Access::Read) {
            Place::Nothing if window::CODE.contains(&addr.0) => "no code".to_owned(),
            Place::Nothing => "no object".to_owned(),
            place => place.to_string(),
        }
    }
}

/// Why bytes that start in a region's pages are refused.
fn within(region: &Region, addr: Addr, size: u64, access: Access) -> Place {
    let offset = addr.0 - region.base;
    let index = region.index_of(offset);
    if index >= region.count {
        return between(region, region.count - 1, addr);
    }
    let from_start = offset - index * region.stride;
    if from_start >= region.size {
        return between(region, index, addr);
    }
    let object = region.element_name(index);
    if let Liveness::Records(records) = &region.liveness {
        return match records.record_at(from_start) {
            None => {
                Place::Dead { object: format!("a place among {object} without a reserved one") }
            }
            Some((start, end)) => Place::Overrun {
                object: format!("a record among {object}"),
                size: end - start,
                offset: from_start - start,
            },
        };
    }
    if let Liveness::Span(span) = &region.liveness {
        let (start, end) = span.bounds();
        let (size, offset) = (end - start, from_start.cast_signed() - start.cast_signed());
        return match u64::try_from(offset) {
            Ok(offset) if offset < size => Place::Overrun { object, size, offset },
            _ => Place::Between { object, size, offset },
        };
    }
    if region.hit(addr.0, 1).is_none() {
        return Place::Dead { object };
    }
    if region.hit(addr.0, size).is_none() {
        return Place::Overrun { object, size: region.size, offset: from_start };
    }
    if let Some(guard) = &region.guard
        && let Some(field) = guard.refusing(from_start, size, access)
    {
        let (kind, offset) = (field.name, field.offset);
        return Place::Field { object, kind, offset };
    }
    Place::Denied { object }
}

fn between(region: &Region, index: u64, addr: Addr) -> Place {
    let start = region.base + index * region.stride;
    Place::Between {
        object: region.element_name(index),
        size: region.size,
        offset: addr.0.wrapping_sub(start).cast_signed(),
    }
}
