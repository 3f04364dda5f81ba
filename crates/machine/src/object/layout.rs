//! A kernel struct: where its fields are, which of them the machine fills, which unfilled ones were read.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use parking_lot::Mutex;
use skep_btf::{Btf, Kind, Type, TypeId};

use crate::memory::{Slab, Watch, Width};

/// Fields that programs read although the machine does not fill them: `task_struct.mm`, …
#[derive(Debug, Default)]
pub(crate) struct Unmodelled(Mutex<BTreeSet<String>>);

impl Unmodelled {
    pub(crate) fn names(&self) -> Vec<String> {
        self.0.lock().iter().cloned().collect()
    }
}

/// A bit for each byte of a struct.
#[derive(Debug)]
struct ByteSet(Box<[AtomicU64]>);

impl ByteSet {
    fn new(bytes: u64) -> Self {
        Self((0..bytes.div_ceil(64)).map(|_| AtomicU64::new(0)).collect())
    }

    /// The words that hold these bytes' bits, and the bits.
    fn words(&self, offset: u64, len: u64) -> impl Iterator<Item = (&AtomicU64, u64)> {
        (offset / 64..(offset + len).div_ceil(64)).filter_map(move |word| {
            let first = offset.max(word * 64) % 64;
            let count = (offset + len).min((word + 1) * 64) - offset.max(word * 64);
            Some((self.0.get(word as usize)?, (u64::MAX >> (64 - count)) << first))
        })
    }

    fn contains(&self, offset: u64, len: u64) -> bool {
        self.words(offset, len).all(|(word, bits)| word.load(Relaxed) & bits == bits)
    }

    fn insert(&self, offset: u64, len: u64) {
        for (word, bits) in self.words(offset, len) {
            word.fetch_or(bits, Relaxed);
        }
    }
}

/// Place of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) offset: u64,
    pub(crate) size: u64,
}

/// A struct of the kernel that objects are made of.
#[derive(Debug)]
pub(crate) struct Layout {
    btf: Btf,
    id: TypeId,
    pub(crate) name: &'static str,
    pub(crate) size: u64,
    /// Bytes that the machine fills, or that were reported already.
    known: ByteSet,
    unmodelled: Arc<Unmodelled>,
}

impl Layout {
    /// The struct with this name; `None` when the BTF has none.
    pub(crate) fn new(btf: &Btf, name: &'static str, unmodelled: &Arc<Unmodelled>) -> Option<Self> {
        let id = btf.find(name, Kind::Struct)?;
        let size = btf.size_of(id).filter(|size| *size != 0)?;
        let (btf, unmodelled) = (btf.clone(), Arc::clone(unmodelled));
        Some(Self { btf, id, name, size, known: ByteSet::new(size), unmodelled })
    }

    /// The field at a path such as `cpus_mask.bits`, through anonymous members too.
    pub(crate) fn field(&self, path: &str) -> Option<Field> {
        let mut at = Field { offset: 0, size: self.size };
        let mut id = self.id;
        for name in path.split('.') {
            let (bits, ty) = self.member(id, name)?;
            id = ty;
            at = Field { offset: at.offset + bits / 8, size: self.btf.size_of(ty)? };
        }
        Some(at).filter(|field| field.offset + field.size <= self.size)
    }

    /// Bit offset and type of a member, by name.
    fn member(&self, of: TypeId, name: &str) -> Option<(u64, TypeId)> {
        let composite = self.btf.resolved(of).composite()?;
        composite.members().find_map(|member| {
            let bits = u64::from(member.bit_offset);
            if member.name == name {
                return (member.bitfield == 0).then_some((bits, member.ty));
            }
            if !member.name.is_empty() {
                return None;
            }
            let (inner, ty) = self.member(member.ty, name)?;
            Some((bits + inner, ty))
        })
    }

    /// Fills a field of an object with a number; nothing where this kernel has no such field.
    pub(crate) fn put(&self, slab: &Slab, index: u64, path: &str, value: u64) {
        let Some(field) = self.field(path) else { return };
        if let Some(width) = Width::from_bytes(field.size) {
            self.known.insert(field.offset, field.size);
            slab.store(index, field.offset, width, value);
        }
    }

    /// Fills a field of an object with bytes, zeroes after them; those that do not fit are left out.
    pub(crate) fn put_bytes(&self, slab: &Slab, index: u64, path: &str, bytes: &[u8]) {
        let Some(field) = self.field(path) else { return };
        self.known.insert(field.offset, field.size);
        let mut padded = bytes.to_vec();
        padded.resize(field.size as usize, 0);
        slab.write(index, field.offset, &padded);
    }

    /// The path of the field at an offset, through structs and unions to the innermost one.
    pub(crate) fn path_at(&self, offset: u64) -> String {
        let mut path = Vec::new();
        let (mut id, mut left) = (self.id, offset);
        while let Type::Struct(composite) | Type::Union(composite) = self.btf.resolved(id) {
            let inside = composite.members().find(|member| {
                let start = u64::from(member.bit_offset) / 8;
                let size = self.btf.size_of(member.ty).unwrap_or(0);
                (start..start + size).contains(&left)
            });
            let Some(member) = inside else { break };
            if !member.name.is_empty() {
                path.push(member.name);
            }
            left -= u64::from(member.bit_offset) / 8;
            id = member.ty;
        }
        if path.is_empty() { format!("byte {offset}") } else { path.join(".") }
    }

    #[cold]
    fn report(&self, offset: u64, len: u64) {
        let Some(first) = (offset..offset + len).find(|byte| !self.known.contains(*byte, 1)) else {
            return;
        };
        let name = format!("{}.{}", self.name, self.path_at(first));
        self.unmodelled.0.lock().insert(name);
        self.known.insert(offset, len);
    }
}

impl Watch for Layout {
    fn loaded(&self, offset: u64, size: u64) {
        if !self.known.contains(offset, size) {
            self.report(offset, size);
        }
    }
}
