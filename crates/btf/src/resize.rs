//! The types of the same kernel, compiled with an array of another length.

use std::sync::{Arc, OnceLock};

use crate::btf::Parsed;
use crate::{Btf, Kind, TypeId};

/// How deep types may contain each other by value: far deeper than any kernel's do.
const MAX_DEPTH: usize = 64;
/// `BTF_KIND_ARRAY` in the place of a type's kind.
const ARRAY_INFO: u32 = 3 << 24;

impl Btf {
    /// The types as they are when the array `member` of `structure` has `len` elements: `bits` of
    /// `struct cpumask` in a kernel with another `NR_CPUS`. Every type that contains the struct by value
    /// grows or shrinks with it, and what lies behind moves.
    ///
    /// `None` when there is no such array, for split BTF, and when the types would not be BTF any more.
    // DEVIATION(linux): arrays that only happen to have NR_CPUS elements keep their length, since BTF does
    // not say why they have it; and members behind a mask move by what it grows, even where the kernel
    // aligns them to cache lines, which BTF does not say either.
    #[must_use]
    pub fn with_array_len(&self, structure: &str, member: &str, len: u32) -> Option<Self> {
        let id = self.find(structure, Kind::Struct)?;
        if self.base().is_some() {
            return None;
        }
        let composite = self.ty(id).composite()?;
        let index = composite.members().position(|of| of.name == member)?;
        let array_id = composite.member(index)?.ty;
        let crate::Type::Array(array) = self.ty(array_id) else { return None };
        let element = i64::try_from(self.size_of(array.element)?).ok()?;
        let grown = (i64::from(len) - i64::from(array.len)).checked_mul(element)?;

        let parsed = self.parsed();
        let mut words = parsed.words.to_vec();
        let new_id = self.len();
        let mut starts = parsed.starts.to_vec();
        starts.push(u32::try_from(words.len()).ok()?);
        words.extend([0, ARRAY_INFO, 0, array.element.0, array.index.0, len]);
        words[start(parsed, id) + 3 + 3 * index + 1] = new_id;

        let mut resize = Resize { words, starts: &starts, growth: vec![0; new_id as usize + 1] };
        resize.growth[new_id as usize] = grown;
        resize.settle()?;
        for id in 1..new_id {
            resize.apply(id)?;
        }
        let words = resize.words.into_boxed_slice();
        Some(Self::of(Arc::new(Parsed {
            base: None,
            first_id: parsed.first_id,
            first_string: parsed.first_string,
            strings: parsed.strings.clone(),
            words,
            starts: starts.into_boxed_slice(),
            index: OnceLock::new(),
        })))
    }
}

fn start(parsed: &Parsed, id: TypeId) -> usize {
    // The caller's ids are of this BTF, which has no base: the first is 1.
    parsed.starts[id.0 as usize - 1] as usize
}

/// The words of all types, and by how many bytes each of them grows.
struct Resize<'a> {
    words: Vec<u32>,
    starts: &'a [u32],
    growth: Vec<i64>,
}

impl Resize<'_> {
    fn kind(&self, at: usize) -> Option<Kind> {
        Kind::from_number(self.words[at + 1] >> 24 & 0x1f)
    }

    fn vlen(&self, at: usize) -> usize {
        (self.words[at + 1] & 0xffff) as usize
    }

    fn growth(&self, id: u32) -> i64 {
        self.growth.get(id as usize).copied().unwrap_or(0)
    }

    /// Finds what every type grows by: what a type contains has another id, before or after its own, so
    /// that it takes as many rounds as types are nested.
    fn settle(&mut self) -> Option<()> {
        for _ in 0..MAX_DEPTH {
            let mut has_changed = false;
            for id in 1..self.growth.len() - 1 {
                let growth = self.growth_of(self.starts[id - 1] as usize)?;
                has_changed |= growth != self.growth[id];
                self.growth[id] = growth;
            }
            if !has_changed {
                return Some(());
            }
        }
        None
    }

    fn growth_of(&self, at: usize) -> Option<i64> {
        Some(match self.kind(at)? {
            Kind::Struct => {
                let mut members =
                    (0..self.vlen(at)).map(|n| self.growth(self.words[at + 4 + 3 * n]));
                members.try_fold(0_i64, i64::checked_add)?
            }
            Kind::Union => self.union_growth(at)?,
            Kind::Array => {
                self.growth(self.words[at + 3]).checked_mul(i64::from(self.words[at + 5]))?
            }
            Kind::Typedef | Kind::Const | Kind::Volatile | Kind::Restrict | Kind::TypeTag => {
                self.growth(self.words[at + 2])
            }
            Kind::Var => self.growth(self.words[at + 2]),
            _ => 0,
        })
    }

    /// A union is as large as its largest member: nothing else of it is known to need room.
    fn union_growth(&self, at: usize) -> Option<i64> {
        let old = i64::from(self.words[at + 2]);
        let mut largest = 0;
        let mut has_changed = false;
        for n in 0..self.vlen(at) {
            let member = self.words[at + 4 + 3 * n];
            let growth = self.growth(member);
            has_changed |= growth != 0;
            largest = largest.max(self.old_size(member, 0)?.checked_add(growth)?);
        }
        // What was padded to whole words still is.
        let padding = if old % 8 == 0 { (8 - largest % 8) % 8 } else { 0 };
        Some(if has_changed { largest + padding - old } else { 0 })
    }

    /// Bytes of a type before it grew.
    fn old_size(&self, id: u32, depth: usize) -> Option<i64> {
        let Some(&at) = self.starts.get((id as usize).checked_sub(1)?) else { return Some(0) };
        let at = at as usize;
        if depth > MAX_DEPTH {
            return None;
        }
        match self.kind(at)? {
            Kind::Ptr => Some(8),
            Kind::Array => self
                .old_size(self.words[at + 3], depth + 1)?
                .checked_mul(i64::from(self.words[at + 5])),
            Kind::Typedef | Kind::Const | Kind::Volatile | Kind::Restrict | Kind::TypeTag => {
                self.old_size(self.words[at + 2], depth + 1)
            }
            Kind::Fwd | Kind::Func | Kind::FuncProto => Some(0),
            _ => Some(i64::from(self.words[at + 2])),
        }
    }

    fn add(&mut self, at: usize, growth: i64) -> Option<()> {
        self.words[at] = u32::try_from(i64::from(self.words[at]).checked_add(growth)?).ok()?;
        Some(())
    }

    fn apply(&mut self, id: u32) -> Option<()> {
        let at = self.starts[id as usize - 1] as usize;
        match self.kind(at)? {
            Kind::Struct => self.move_members(at, self.growth(id)),
            Kind::Union => self.add(at + 2, self.growth(id)),
            Kind::DataSec => self.move_vars(at),
            _ => Some(()),
        }
    }

    fn move_members(&mut self, at: usize, growth: i64) -> Option<()> {
        let has_bitfields = self.words[at + 1] >> 31 != 0;
        let mut moved = 0_i64;
        for n in 0..self.vlen(at) {
            let member = at + 3 + 3 * n;
            if moved != 0 {
                let old = self.words[member + 2];
                let (size, bits) =
                    if has_bitfields { (old & 0xff00_0000, old & 0x00ff_ffff) } else { (0, old) };
                let bits =
                    u32::try_from(i64::from(bits).checked_add(moved.checked_mul(8)?)?).ok()?;
                if has_bitfields && bits > 0x00ff_ffff {
                    return None;
                }
                self.words[member + 2] = size | bits;
            }
            moved += self.growth(self.words[member + 1]);
        }
        self.add(at + 2, growth)
    }

    fn move_vars(&mut self, at: usize) -> Option<()> {
        let mut moved = 0_i64;
        for n in 0..self.vlen(at) {
            let var = at + 3 + 3 * n;
            self.add(var + 1, moved)?;
            let growth = self.growth(self.words[var]);
            self.add(var + 2, growth)?;
            moved += growth;
        }
        self.add(at + 2, moved)
    }
}

#[cfg(test)]
mod tests {
    use crate::{Btf, BtfBuilder, Kind, MemberDef, TypeDef};

    /// `struct cpumask`, and what contains it: the ids are in no helpful order.
    fn types() -> Btf {
        let mut builder = BtfBuilder::new();
        let long = builder.push(&TypeDef::int("unsigned long", 8, false)).unwrap();
        let int = builder.push(&TypeDef::int("int", 4, true)).unwrap();
        let four = builder.push(&TypeDef::Array { element: long, index: int, len: 4 }).unwrap();
        let bitmap = MemberDef::at("bits", four, 0);
        let mask =
            TypeDef::Struct { name: "cpumask".into(), size: 32, members: vec![bitmap.clone()] };
        let mask = builder.push(&mask).unwrap();
        let of = |name: &str, ty, size, count: u32| {
            let head = MemberDef::at("mask", ty, 0);
            let tail = MemberDef::at("usage", int, count * 32);
            TypeDef::Struct { name: name.into(), size, members: vec![head, tail] }
        };
        let refcounted = builder.push(&of("bpf_cpumask", mask, 40, 1)).unwrap();
        let two = builder.push(&TypeDef::Array { element: mask, index: int, len: 2 }).unwrap();
        builder.push(&of("pair", two, 72, 2)).unwrap();
        let members = vec![MemberDef::at("a", refcounted, 0), MemberDef::at("b", long, 0)];
        let either = TypeDef::Union { name: "either".into(), size: 40, members };
        let either = builder.push(&either).unwrap();
        let members = vec![MemberDef::at("e", either, 0), MemberDef::at("last", long, 40)];
        builder.push(&TypeDef::Struct { name: "task".into(), size: 48, members }).unwrap();
        let same = TypeDef::Struct { name: "other".into(), size: 32, members: vec![bitmap] };
        builder.push(&same).unwrap();
        Btf::parse(&builder.finish().unwrap()).unwrap()
    }

    fn size(btf: &Btf, name: &str, kind: Kind) -> Option<u64> {
        btf.size_of(btf.find(name, kind)?)
    }

    #[test]
    fn what_contains_the_array_grows_and_what_lies_behind_moves() {
        let btf = types().with_array_len("cpumask", "bits", 128).unwrap();
        let sizes =
            ["cpumask", "bpf_cpumask", "pair", "task"].map(|name| size(&btf, name, Kind::Struct));
        assert_eq!(sizes, [Some(1024), Some(1032), Some(2056), Some(1040)]);
        assert_eq!(size(&btf, "either", Kind::Union), Some(1032));
        let offset = |name, path| {
            btf.find(name, Kind::Struct)
                .and_then(|id| btf.field(id, path).ok())
                .map(|f| f.byte_offset())
        };
        assert_eq!(offset("bpf_cpumask", "usage"), Some(1024));
        assert_eq!((offset("pair", "usage"), offset("task", "last")), (Some(2048), Some(1032)));
    }

    #[test]
    fn an_array_of_the_same_type_elsewhere_stays() {
        let btf = types().with_array_len("cpumask", "bits", 128).unwrap();
        assert_eq!(size(&btf, "other", Kind::Struct), Some(32));
    }

    #[test]
    fn shrinking_undoes_growing() {
        let (old, there) = (types(), types().with_array_len("cpumask", "bits", 128).unwrap());
        let back = there.with_array_len("cpumask", "bits", 4).unwrap();
        for name in ["cpumask", "bpf_cpumask", "pair", "task", "other"] {
            let definition = |btf: &Btf| btf.find(name, Kind::Struct).map(|id| btf.definition(id));
            assert_eq!(definition(&back), definition(&old), "{name}");
        }
    }

    #[test]
    fn what_is_no_such_array_is_none() {
        let btf = types();
        assert!(btf.with_array_len("nothing", "bits", 8).is_none());
        assert!(btf.with_array_len("cpumask", "bytes", 8).is_none());
        assert!(btf.with_array_len("task", "last", 8).is_none());
        assert!(btf.with_array_len("cpumask", "bits", u32::MAX).is_none(), "too large for BTF");
    }
}
