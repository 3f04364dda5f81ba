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
    pub(crate) fn note(&self, name: &str) {
        let mut names = self.0.lock();
        if !names.contains(name) {
            names.insert(name.to_owned());
        }
    }

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

    /// The field at a path such as `cred.uid.val`; `None` where this kernel has no such field.
    pub(crate) fn field(&self, path: &str) -> Option<Field> {
        let field = self.btf.field(self.id, path).ok().filter(|field| field.bitfield == 0)?;
        let at = Field { offset: field.byte_offset(), size: self.btf.size_of(field.ty)? };
        Some(at).filter(|field| field.offset + field.size <= self.size)
    }

    /// Says that the machine fills every byte of such objects.
    pub(crate) fn fill_all(&self) {
        self.known.insert(0, self.size);
    }

    /// Says that the machine fills some bytes.
    pub(crate) fn fill(&self, offset: u64, len: u64) {
        self.known.insert(offset, len);
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use skep_btf::{Btf, BtfBuilder, MemberDef, TypeDef};

    use super::{Field, Layout, Unmodelled};
    use crate::memory::Watch;

    /// `struct thing { int pid; struct { long in; }; struct { char a[5]; short b; } part; }`
    fn btf() -> Btf {
        let mut types = BtfBuilder::new();
        let mut int = |name: &str, size: u32| {
            let (name, bits) = (name.to_owned(), 8 * size);
            let (is_signed, is_char, is_bool) = (true, false, false);
            types
                .push(&TypeDef::Int { name, size, bits, offset: 0, is_signed, is_char, is_bool })
                .unwrap()
        };
        let (char_, short, int_, long) =
            (int("char", 1), int("short", 2), int("int", 4), int("long", 8));
        let chars = types.push(&TypeDef::Array { element: char_, index: int_, len: 5 }).unwrap();
        let mut composite = |name: &str, size, members: Vec<MemberDef>| {
            types.push(&TypeDef::Struct { name: name.to_owned(), size, members }).unwrap()
        };
        let anonymous = composite("", 8, vec![MemberDef::at("in", long, 0)]);
        let part =
            composite("", 8, vec![MemberDef::at("a", chars, 0), MemberDef::at("b", short, 6)]);
        let members = vec![
            MemberDef::at("pid", int_, 0),
            MemberDef::at("", anonymous, 8),
            MemberDef::at("part", part, 16),
        ];
        composite("thing", 80, members);
        Btf::parse(&types.finish().unwrap()).unwrap()
    }

    fn layout() -> Layout {
        Layout::new(&btf(), "thing", &Arc::new(Unmodelled::default())).unwrap()
    }

    #[test]
    fn fields_are_found_by_path() {
        let field = |path| layout().field(path).map(|Field { offset, size }| (offset, size));
        assert_eq!(field("pid"), Some((0, 4)));
        assert_eq!(field("in"), Some((8, 8)));
        assert_eq!(field("part.a"), Some((16, 5)));
        assert_eq!(field("part.b"), Some((22, 2)));
        assert_eq!((field("part.c"), field("gone"), field("")), (None, None, None));
        assert!(Layout::new(&btf(), "other", &Arc::default()).is_none());
    }

    #[test]
    fn offsets_have_the_names_of_the_innermost_fields() {
        let names = [0, 8, 15, 18, 22, 70].map(|offset| layout().path_at(offset));
        assert_eq!(names, ["pid", "in", "in", "part.a", "part.b", "byte 70"]);
    }

    #[test]
    fn only_loads_of_fields_that_nobody_filled_are_noted_once_by_name() {
        let layout = layout();
        layout.known.insert(0, 4);
        layout.loaded(0, 4);
        assert!(layout.unmodelled.names().is_empty());
        layout.loaded(0, 8);
        layout.loaded(22, 2);
        layout.loaded(22, 1);
        assert_eq!(layout.unmodelled.names(), ["thing.byte 4", "thing.part.b"]);
        layout.loaded(60, 16);
        assert_eq!(layout.unmodelled.names().len(), 3, "across words of the bitmap");
    }
}
