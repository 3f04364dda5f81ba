//! Lookup by name without a copy of any name: ids sorted by the hash of their name.

use crate::{Btf, Kind, Type, TypeId};

/// Bytes of a name that its hash covers: more would make hostile names cost time and tell real ones no
/// better apart.
const HASHED: usize = 128;

/// The hash that name lookups use: 64-bit FNV-1a, fixed so that results never depend on the process.
fn hash(name: &str) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325 ^ u64::try_from(name.len()).unwrap_or(0);
    name.bytes()
        .take(HASHED)
        .fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// The part of a name that CO-RE compares: what precedes the last `___` that something precedes and
/// something follows.
pub fn essential_name(name: &str) -> &str {
    let bytes = name.as_bytes();
    // libbpf looks at every i from len - 5 down for x___y with neither x nor y an underscore.
    (0..bytes.len().saturating_sub(4))
        .rev()
        .find(|&i| bytes[i] != b'_' && &bytes[i + 1..i + 4] == b"___" && bytes[i + 4] != b'_')
        .and_then(|i| name.get(..=i))
        .unwrap_or(name)
}

/// The types of one BTF (not of its base), by name and by essential name.
pub(crate) struct NameIndex {
    by_name: Vec<(u64, TypeId)>,
    by_essential: Vec<(u64, TypeId)>,
    /// Decl tags by the type that they tag.
    tags: Vec<(TypeId, TypeId)>,
}

impl NameIndex {
    pub(crate) fn new(btf: &Btf) -> Self {
        let named = |short: fn(&str) -> &str| {
            let mut entries: Vec<_> = btf
                .own_ids()
                .filter_map(|id| {
                    let ty = btf.ty(id);
                    let is_tag = matches!(ty.kind(), Kind::DeclTag | Kind::TypeTag);
                    (!is_tag && !ty.name().is_empty()).then(|| (hash(short(ty.name())), id))
                })
                .collect();
            entries.sort_unstable();
            entries
        };
        let mut tags: Vec<_> = btf
            .own_ids()
            .filter_map(|id| match btf.ty(id) {
                Type::DeclTag { target, .. } => Some((target, id)),
                _ => None,
            })
            .collect();
        tags.sort_unstable();
        Self { by_name: named(|name| name), by_essential: named(essential_name), tags }
    }

    /// The decl tags on a type.
    pub(crate) fn tags(&self, of: TypeId) -> impl Iterator<Item = TypeId> + use<'_> {
        let start = self.tags.partition_point(|entry| entry.0 < of);
        self.tags[start..].iter().take_while(move |entry| entry.0 == of).map(|entry| entry.1)
    }

    pub(crate) fn named<'a>(
        &'a self,
        btf: &'a Btf,
        name: &'a str,
    ) -> impl Iterator<Item = TypeId> + use<'a> {
        run(&self.by_name, hash(name)).filter(move |&id| btf.name(id) == name)
    }

    pub(crate) fn essentially<'a>(
        &'a self,
        btf: &'a Btf,
        name: &'a str,
    ) -> impl Iterator<Item = TypeId> + use<'a> {
        run(&self.by_essential, hash(name)).filter(move |&id| essential_name(btf.name(id)) == name)
    }
}

fn run(entries: &[(u64, TypeId)], hash: u64) -> impl Iterator<Item = TypeId> + use<'_> {
    let start = entries.partition_point(|entry| entry.0 < hash);
    entries[start..].iter().take_while(move |entry| entry.0 == hash).map(|entry| entry.1)
}
