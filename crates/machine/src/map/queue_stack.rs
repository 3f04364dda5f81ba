//! QUEUE and STACK: `kernel/bpf/queue_stack_maps.c`.
//!
//! A ring of values with one place more than there may be values, so that a full one differs from an empty one.

use parking_lot::Mutex;
use skep_abi::Errno;

use super::check::{KMALLOC_MAX, Refusal};
use super::{MapDef, UpdateFlags, check};
use crate::memory::{Area, Memory, OutOfMemory};

/// What the kinds demand at creation (`queue_stack_map_alloc_check`).
pub(super) fn check(def: &MapDef) -> Result<(), Refusal> {
    let name = def.map_type.name();
    let invalid = |why: String| Err((Errno::EINVAL, why));
    if def.max_entries == 0 || def.value_size == 0 {
        return invalid(format!("a {name} has room for at least one value of at least one byte"));
    }
    if def.key_size != 0 {
        return invalid(format!("key_size is {}, and a {name} has no keys", def.key_size));
    }
    check::flags(def, super::MapFlags::empty())?;
    if def.value_size > KMALLOC_MAX {
        return Err((Errno::E2BIG, format!("value_size is over {KMALLOC_MAX}")));
    }
    Ok(())
}

/// Where values are.
#[derive(Clone, Copy, Debug, Default)]
struct Ends {
    /// Where the next one goes.
    head: u64,
    /// The oldest one.
    tail: u64,
}

/// A queue or a stack.
pub(crate) struct QueueStack {
    values: Area,
    /// Places: one more than values.
    size: u64,
    value_size: usize,
    is_stack: bool,
    ends: Mutex<Ends>,
}

impl QueueStack {
    pub(crate) fn new(memory: &Memory, def: &MapDef, is_stack: bool) -> Result<Self, OutOfMemory> {
        let (size, value_size) = (u64::from(def.max_entries) + 1, def.value_size as usize);
        let values = memory.alloc_hidden(size * Self::room(value_size))?;
        Ok(Self { values, size, value_size, is_stack, ends: Mutex::default() })
    }

    /// Bytes between values.
    const fn room(value_size: usize) -> u64 {
        value_size.next_multiple_of(8) as u64
    }

    fn at(&self, place: u64) -> usize {
        (place * Self::room(self.value_size)) as usize
    }

    fn after(&self, place: u64) -> u64 {
        if place + 1 == self.size { 0 } else { place + 1 }
    }

    /// The place of the value that is next to be taken.
    fn first(&self, ends: Ends) -> Option<u64> {
        let last = ends.head.checked_sub(1).unwrap_or(self.size - 1);
        (ends.head != ends.tail).then_some(if self.is_stack { last } else { ends.tail })
    }

    fn copy(&self, place: u64) -> Vec<u8> {
        let mut value = vec![0; self.value_size];
        self.values.read(self.at(place), &mut value);
        value
    }

    /// Puts a value in; with EXIST the oldest one makes room for it.
    pub(crate) fn push(&self, value: &[u8], flags: u64) -> Result<(), Errno> {
        let flags = UpdateFlags::from_bits(flags).ok_or(Errno::EINVAL)?;
        let is_known = flags.is_empty() || flags == UpdateFlags::EXIST;
        if !is_known || value.len() != self.value_size {
            return Err(Errno::EINVAL);
        }
        let mut ends = self.ends.lock();
        if self.after(ends.head) == ends.tail {
            if flags.is_empty() {
                return Err(Errno::E2BIG);
            }
            ends.tail = self.after(ends.tail);
        }
        self.values.write(self.at(ends.head), value);
        ends.head = self.after(ends.head);
        Ok(())
    }

    /// Copies the value that is next to be taken.
    pub(crate) fn peek(&self) -> Result<Vec<u8>, Errno> {
        let ends = self.ends.lock();
        self.first(*ends).map(|place| self.copy(place)).ok_or(Errno::ENOENT)
    }

    /// Takes it.
    pub(crate) fn pop(&self) -> Result<Vec<u8>, Errno> {
        let mut ends = self.ends.lock();
        let place = self.first(*ends).ok_or(Errno::ENOENT)?;
        if self.is_stack {
            ends.head = place;
        } else {
            ends.tail = self.after(place);
        }
        Ok(self.copy(place))
    }

    /// All values in the order in which they are taken.
    pub(crate) fn values(&self) -> Vec<Vec<u8>> {
        let ends = *self.ends.lock();
        let mut places = Vec::new();
        let mut at = ends.tail;
        while at != ends.head {
            places.push(at);
            at = self.after(at);
        }
        if self.is_stack {
            places.reverse();
        }
        places.into_iter().map(|place| self.copy(place)).collect()
    }
}
