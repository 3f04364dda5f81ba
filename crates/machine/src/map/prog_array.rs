//! PROG_ARRAY: `kernel/bpf/arraymap.c`, `kernel/bpf/core.c`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Release};

use parking_lot::Mutex;
use skep_abi::{Errno, ProgId, ProgType};

use crate::Prog;
use crate::memory::{Area, Memory, OutOfMemory, Width};

/// Slots for programs to tail-call.
pub struct ProgArray {
    /// Numbers of programs, + 1; 0 for none.
    slots: Area,
    len: u32,
    owner: Mutex<Option<ProgType>>,
    /// Programs that the array holds.
    held: Mutex<BTreeMap<u32, Arc<Prog>>>,
}

impl std::fmt::Debug for ProgArray {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProgArray")
            .field("len", &self.len)
            .field("owner", &*self.owner.lock())
            .finish()
    }
}

impl ProgArray {
    pub(crate) fn new(memory: &Memory, len: u32) -> Result<Self, OutOfMemory> {
        let slots = memory.alloc_hidden(8 * u64::from(len))?;
        Ok(Self { slots, len, owner: Mutex::new(None), held: Mutex::default() })
    }

    /// Number of slots.
    #[must_use]
    pub fn len(&self) -> u32 {
        self.len
    }

    /// Whether there are no slots, which no such map has.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The program in a slot.
    #[must_use]
    pub fn get(&self, index: u32) -> Option<ProgId> {
        if index >= self.len {
            return None;
        }
        let number = self.slots.load(8 * index as usize, Width::Dw, Acquire).checked_sub(1)?;
        u32::try_from(number).ok().map(ProgId)
    }

    /// Says that programs of this type use the array: one that they load with, or one that they hold.
    /// The first type stays the array's.
    ///
    /// # Errors
    /// `EINVAL` when the array belongs to programs of another type.
    pub fn claim(&self, prog_type: ProgType) -> Result<(), Errno> {
        if *self.owner.lock().get_or_insert(prog_type) == prog_type {
            Ok(())
        } else {
            Err(Errno::EINVAL)
        }
    }

    /// Puts a program into a slot.
    ///
    /// # Errors
    /// `E2BIG` past the end, `EINVAL` when the array belongs to programs of another type.
    pub fn set(&self, index: u32, prog: ProgId, prog_type: ProgType) -> Result<(), Errno> {
        if index >= self.len {
            return Err(Errno::E2BIG);
        }
        self.claim(prog_type)?;
        self.slots.store(8 * index as usize, Width::Dw, u64::from(prog.0) + 1, Release);
        Ok(())
    }

    /// Puts a program into a slot, which holds it from now on.
    ///
    /// # Errors
    /// As [`Self::set`].
    pub fn put(&self, index: u32, prog: &Arc<Prog>) -> Result<(), Errno> {
        self.set(index, prog.id(), prog.prog_type())?;
        let old = self.held.lock().insert(index, Arc::clone(prog));
        drop(old);
        Ok(())
    }

    /// Empties a slot.
    ///
    /// # Errors
    /// `E2BIG` past the end, `ENOENT` when it is empty.
    pub fn delete(&self, index: u32) -> Result<(), Errno> {
        if index >= self.len {
            return Err(Errno::E2BIG);
        }
        self.get(index).ok_or(Errno::ENOENT)?;
        self.slots.store(8 * index as usize, Width::Dw, 0, Release);
        let old = self.held.lock().remove(&index);
        drop(old);
        Ok(())
    }
}
